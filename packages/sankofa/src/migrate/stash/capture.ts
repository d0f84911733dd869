import type { StepClient } from '../migration.ts'
import { hiddenName } from './hide.ts'
import {
  captureTable,
  type Instant,
  type Kept,
  type KeptSequence,
  movedTable,
  namesByName,
  rowsNow,
  stashSchema,
} from './kept.ts'
import type { Keep, StashReport } from './stash-plan.ts'
import { closeTable } from './stash-schema.ts'
import { quoted } from './text-form.ts'
import { fullName, type Table, tablesNamed, type World } from './world.ts'

/** A table whose rows, as they were before the step, lie in its capture table. */
export type Captured = { readonly id: bigint; readonly kept: Kept; readonly rows: number; readonly bytes: number }

/**
 * Copies what a table's rows are before the step, and enters it in the registry as `capturing`.
 *
 * @param run - absent for the first table of a run
 */
export async function capture(
  client: StepClient,
  world: World,
  keep: Keep,
  entry: {
    readonly run: bigint | undefined
    readonly migration: string
    readonly direction: 'up' | 'undo'
    readonly now: Date
    readonly expiresAt: Date
  },
): Promise<Captured | undefined> {
  const table = tablesNamed(world, keep.table)[0]
  if (table === undefined) return undefined
  const kept = await toKept(client, table, keep)
  const id = await enter(client, kept, entry)
  const reading = rowsNow(table, namesByName(table, kept), kept.knownBy)
  const columns = kept.columns.map((_, index) => `now.v${index + 1}`)
  const name = captureTable(id)
  await client.query(
    `create table ${name} as
       select row_number() over () as id, ${['now.key', 'now.n', ...columns].join(', ')} from (${reading}) as now`,
  )
  await closeTable(client, name)
  // Nobody else does it before the transaction ends, and joins of large tables go astray without it.
  await client.query(`analyze ${name}`)
  const size = await client.query<{ bytes: bigint; rows: bigint }>(
    `select pg_catalog.pg_table_size('${name}')::int8 as bytes, (select count(*)::int8 from ${name}) as rows`,
  )
  return { id, kept, rows: Number(size.rows[0]?.rows ?? 0), bytes: Number(size.rows[0]?.bytes ?? 0) }
}

/** Enters what is to be hidden or moved in the registry as `capturing`; nothing is done to it yet. */
export async function enterInstant(
  client: StepClient,
  world: World,
  keep: Keep,
  entry: Parameters<typeof capture>[3],
): Promise<Instant | undefined> {
  const table = tablesNamed(world, keep.table)[0]
  if (table === undefined || keep.how === 'copy') return undefined
  const kept: Kept = { ...(await toKept(client, table, keep)), rehearsed: 'yes' }
  const id = await enter(client, kept, entry)
  const notNull = (name: string): boolean => table.columns.some((column) => column.name === name && column.notNull)
  const columns = kept.columns.map((name, index) => ({ name: hiddenName(id, index), notNull: notNull(name) }))
  return { id, kept: { ...kept, instant: keep.how === 'hide' ? { how: 'hide', columns } : { how: 'move' } } }
}

/** The step has hidden or moved it. */
export async function openInstant(
  client: StepClient,
  { id, kept }: Instant,
  rows: number,
): Promise<StashReport['kept'][number]> {
  const stash = kept.instant?.how === 'move' ? movedTable(id) : fullName(kept)
  if (kept.instant?.how === 'move') await closeTable(client, stash)
  await client.query(
    `update sankofa.stash set state = 'open', plan = $2::jsonb, rows = $3::int8, stash_table = $4 where stash.id = $1`,
    [
      id.toString(),
      JSON.stringify(kept),
      String(Math.max(1, Math.round(rows))),
      kept.instant?.how === 'move' ? stash.slice(stashSchema.length + 1) : '',
    ],
  )
  return { table: fullName(kept), rows, bytes: 0, stash }
}

async function toKept(client: StepClient, table: Table, keep: Keep): Promise<Kept> {
  const real = table.columns.filter(({ generated }) => !generated)
  const numberOf = (name: string): number => table.columns.find((column) => column.name === name)?.number ?? 0
  const columns = keep.columns === 'all' ? real.map(({ name }) => name) : keep.columns
  const isChanged = table.triggers.some(({ before, on }) => before && (on.includes('update') || on.includes('insert')))
  const byTrigger = isChanged
    ? columns.filter((name) => !keep.written.includes(name) && !(keep.knownBy === 'key' && keep.key.includes(name)))
    : []
  return {
    schema: table.schema,
    name: table.name,
    oid: table.oid,
    columns,
    columnNumbers: columns.map(numberOf),
    key: keep.key,
    keyNumbers: keep.key.map(numberOf),
    knownBy: keep.knownBy,
    all: columns.length === real.length,
    sequences: await sequencesOf(client, table, columns),
    ...(byTrigger.length === 0 ? {} : { byTrigger }),
    rehearsed: 'no',
    spares: false,
  }
}

/** Sequences that a kept column owns or takes its default from. */
async function sequencesOf(
  client: StepClient,
  table: Table,
  columns: readonly string[],
): Promise<readonly KeptSequence[]> {
  const { rows } = await client.query<Omit<KeptSequence, 'last' | 'called'>>(
    `select distinct namespace.nspname as schema, sequence.relname as name, attribute.attname as column, details.seqincrement::text as increment
       from pg_catalog.pg_attribute as attribute
       left join pg_catalog.pg_attrdef as initial on initial.adrelid = attribute.attrelid and initial.adnum = attribute.attnum
       join pg_catalog.pg_depend as depends
         on (depends.classid = 'pg_catalog.pg_class'::regclass and depends.refclassid = 'pg_catalog.pg_class'::regclass
             and depends.refobjid = attribute.attrelid and depends.refobjsubid = attribute.attnum)
         or (depends.classid = 'pg_catalog.pg_attrdef'::regclass and depends.objid = initial.oid
             and depends.refclassid = 'pg_catalog.pg_class'::regclass)
       join pg_catalog.pg_class as sequence
         on sequence.relkind = 'S' and sequence.oid in (depends.objid, depends.refobjid)
       join pg_catalog.pg_namespace as namespace on namespace.oid = sequence.relnamespace
       join pg_catalog.pg_sequence as details on details.seqrelid = sequence.oid
      where attribute.attrelid = $1::oid and attribute.attname = any ($2::text[])`,
    [table.oid, columns],
  )
  const sequences: KeptSequence[] = []
  for (const sequence of rows) {
    const value = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${quoted(sequence)}`,
    )
    sequences.push({ ...sequence, last: value.rows[0]?.last ?? '0', called: value.rows[0]?.called ?? false })
  }
  return sequences
}

async function enter(client: StepClient, kept: Kept, entry: Parameters<typeof capture>[3]): Promise<bigint> {
  const { rows } = await client.query<{ id: bigint | string }>(
    `insert into sankofa.stash (run, migration, direction, table_name, stash_table, plan, rows, bytes, state, created_at, expires_at)
     values (coalesce($1::int8, 0), $2, $3, $4, '', $5::jsonb, 0, 0, 'capturing', $6, $7)
     returning stash.id`,
    [
      entry.run?.toString() ?? null,
      entry.migration,
      entry.direction,
      fullName(kept),
      JSON.stringify(kept),
      entry.now,
      entry.expiresAt,
    ],
  )
  // A client of another pool gives text.
  const id = BigInt(rows[0]?.id ?? 0)
  await client.query(
    `update sankofa.stash set stash_table = 's' || stash.id, run = case stash.run when 0 then stash.id else stash.run end
      where stash.id = $1`,
    [id.toString()],
  )
  return id
}
