import type { Node } from 'libpg-query'
import pg from 'pg'
import type { StepClient } from '../migration.ts'
import type { Statement } from '../sql/statement.ts'
import { nameOf, relationName } from './relation.ts'

/** What looking at the database tells of a statement that may have happened or not. */
export type Found = {
  readonly was: 'done' | 'not done' | 'unknown'
  /** SQL, each by itself, that clears away or completes what it left half done. */
  readonly remedy: readonly string[]
  /** The same in words. */
  readonly words: string
}

const done: Found = { was: 'done', remedy: [], words: 'it was done, only its record is missing' }
const notDone: Found = { was: 'not done', remedy: [], words: 'it was not done' }
const unknown: Found = { was: 'unknown', remedy: [], words: 'nobody can tell whether it was done' }

/**
 * To be asked before a statement that cannot share a transaction with its record.
 *
 * @returns what there is now, for `lookAfter`; and what must be cleared away first: an INVALID index of the same name, which
 *   `if not exists` would take for a good one
 */
export async function lookBefore(
  client: StepClient,
  { node }: Statement,
): Promise<{ readonly seen?: string; readonly remedy: readonly string[] }> {
  if ('IndexStmt' in node) {
    const indexes = await indexesOf(client, relationName(node.IndexStmt.relation))
    const broken = indexes.filter(
      (index) => !index.valid && !index.building && index.relname === node.IndexStmt.idxname,
    )
    return { seen: JSON.stringify(without(indexes, broken).map(({ oid }) => oid)), remedy: broken.map(dropIndex) }
  }
  if ('ReindexStmt' in node) {
    return { seen: JSON.stringify((await leftByReindex(client)).map(({ oid }) => oid)), remedy: [] }
  }
  const database = databaseOf(node)
  if (database !== undefined) {
    return { seen: (await databaseExists(client, database.name)) ? 'there' : 'not there', remedy: [] }
  }
  return { remedy: [] }
}

/** To be asked when nobody knows whether the statement ran. Changes nothing. */
export async function lookAfter(client: StepClient, { node }: Statement, seen: string | null): Promise<Found> {
  if ('IndexStmt' in node) return afterIndex(client, node, idsIn(seen))
  if ('DropStmt' in node) {
    const objects = (node.DropStmt.objects ?? []).map((object) =>
      nameOf('List' in object ? (object.List.items ?? []).map(stringOf) : []),
    )
    const there = await client.query<{ there: boolean }>(
      `select pg_catalog.bool_or(pg_catalog.to_regclass(name) is not null) as there from pg_catalog.unnest($1::text[]) as name`,
      [objects],
    )
    return there.rows[0]?.there === true ? notDone : done
  }
  if ('ReindexStmt' in node) {
    const left = (await leftByReindex(client)).filter((index) => !idsIn(seen).includes(index.oid))
    return left.length === 0
      ? { ...notDone, words: 'it is safe to run again' }
      : { was: 'not done', remedy: left.map(dropIndex), words: `it left ${left.length} INVALID copies of indexes` }
  }
  if ('AlterTableStmt' in node) return afterDetach(client, node)
  if ('AlterEnumStmt' in node) return afterEnum(client, node)
  const database = databaseOf(node)
  if (database !== undefined) {
    const there = await databaseExists(client, database.name)
    return there === (database.does === 'create')
      ? seen === (there ? 'there' : 'not there')
        ? notDone
        : done
      : notDone
  }
  if ('VacuumStmt' in node || 'AlterSystemStmt' in node) return { ...notDone, words: 'it is safe to run again' }
  return unknown
}

type Index = {
  readonly oid: string
  readonly name: string
  readonly relname: string
  readonly valid: boolean
  readonly building: boolean
}

const indexColumns = `pg_class.oid::text as oid, pg_catalog.format('%I.%I', pg_namespace.nspname, pg_class.relname) as name,
       pg_class.relname::text as relname, pg_index.indisvalid as valid,
       exists (select from pg_catalog.pg_stat_progress_create_index as progress where progress.index_relid = pg_class.oid) as building
  from pg_catalog.pg_index
  join pg_catalog.pg_class on pg_class.oid = pg_index.indexrelid
  join pg_catalog.pg_namespace on pg_namespace.oid = pg_class.relnamespace`

async function indexesOf(client: StepClient, relation: string): Promise<readonly Index[]> {
  const { rows } = await client.query<Index>(
    `select ${indexColumns} where pg_index.indrelid = pg_catalog.to_regclass($1)`,
    [relation],
  )
  return rows
}

/** REINDEX CONCURRENTLY builds beside the old index, under its name with an ending. */
async function leftByReindex(client: StepClient): Promise<readonly Index[]> {
  const { rows } = await client.query<Index>(
    `select ${indexColumns} where not pg_index.indisvalid and pg_class.relname ~ '_cc(new|old)[0-9]*$'`,
  )
  return rows.filter((index) => !index.building)
}

const dropIndex = (index: Index): string => `drop index concurrently if exists ${index.name}`
const without = (all: readonly Index[], some: readonly Index[]): readonly Index[] =>
  all.filter((index) => !some.includes(index))

async function afterIndex(
  client: StepClient,
  node: Extract<Node, { IndexStmt: unknown }>,
  seen: readonly string[],
): Promise<Found> {
  const { relation, idxname } = node.IndexStmt
  const fresh = (await indexesOf(client, relationName(relation))).filter(
    (index) => !seen.includes(index.oid) && (idxname === undefined || index.relname === idxname),
  )
  const broken = fresh.filter((index) => !index.valid && !index.building)
  if (broken.length > 0) {
    const names = broken.map(({ name }) => name).join(', ')
    return { was: 'not done', remedy: broken.map(dropIndex), words: `it left the INVALID index ${names}` }
  }
  return fresh.some((index) => index.valid) ? done : notDone
}

async function afterDetach(client: StepClient, node: Extract<Node, { AlterTableStmt: unknown }>): Promise<Found> {
  const parent = relationName(node.AlterTableStmt.relation)
  const [command] = node.AlterTableStmt.cmds ?? []
  const def = command !== undefined && 'AlterTableCmd' in command ? command.AlterTableCmd.def : undefined
  if (def === undefined || !('PartitionCmd' in def)) return unknown
  const child = relationName(def.PartitionCmd.name)
  const { rows } = await client.query<{ pending: boolean }>(
    `select pg_inherits.inhdetachpending as pending
       from pg_catalog.pg_inherits
      where pg_inherits.inhrelid = pg_catalog.to_regclass($1) and pg_inherits.inhparent = pg_catalog.to_regclass($2)`,
    [child, parent],
  )
  const [link] = rows
  if (link === undefined) return done
  if (!link.pending) return notDone
  const finalize = `alter table ${parent} detach partition ${child} finalize`
  return { was: 'done', remedy: [finalize], words: 'it was half done and has to be finalized' }
}

async function afterEnum(client: StepClient, node: Extract<Node, { AlterEnumStmt: unknown }>): Promise<Found> {
  const { typeName, newVal, oldVal } = node.AlterEnumStmt
  if (newVal === undefined || oldVal) return unknown
  const { rows } = await client.query<{ there: boolean }>(
    `select exists (
       select from pg_catalog.pg_enum where pg_enum.enumtypid = pg_catalog.to_regtype($1) and pg_enum.enumlabel = $2
     ) as there`,
    [nameOf((typeName ?? []).map(stringOf)), newVal],
  )
  return rows[0]?.there === true ? done : notDone
}

const databaseOf = (node: Node): { readonly does: 'create' | 'drop'; readonly name: string } | undefined => {
  if ('CreatedbStmt' in node) return { does: 'create', name: node.CreatedbStmt.dbname ?? '' }
  if ('DropdbStmt' in node) return { does: 'drop', name: node.DropdbStmt.dbname ?? '' }
  return undefined
}

async function databaseExists(client: StepClient, name: string): Promise<boolean> {
  const { rows } = await client.query('select from pg_catalog.pg_database where pg_database.datname = $1', [name])
  return rows.length > 0
}

const stringOf = (node: Node): string | undefined => ('String' in node ? node.String.sval : undefined)
const idsIn = (seen: string | null): readonly string[] => (seen === null ? [] : (JSON.parse(seen) as readonly string[]))

/** Runs what clears a half-done statement away. None of it can be in a transaction. */
export async function applyRemedy(client: StepClient, remedy: readonly string[]): Promise<void> {
  for (const sql of remedy) await withoutLockTimeout(client, sql)
}

/**
 * What runs CONCURRENTLY waits for others without being in anybody's way, so the short lock timeout, which keeps a queue from
 * growing behind a waiting statement, would only leave it half done.
 */
export async function withoutLockTimeout(client: StepClient, sql: string): Promise<void> {
  const { rows } = await client.query<{ value: string }>(`select pg_catalog.current_setting('lock_timeout') as value`)
  await client.query('set lock_timeout = 0')
  try {
    await client.query(sql)
  } finally {
    await client.query(`set lock_timeout = ${pg.escapeLiteral(rows[0]?.value ?? '0')}`).catch(() => {})
  }
}
