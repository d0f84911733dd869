import { SankofaError } from '../../core/index.ts'
import type { StepClient } from '../migration.ts'
import { whereHidden } from './hide.ts'
import { captureTable, type Kept, movedTable, stashTable } from './kept.ts'
import { identifier, literal, quoted } from './text-form.ts'

/** One table's stash, as `sankofa migrate stash` lists it. */
export type Stash = {
  readonly id: bigint
  readonly migration: string
  readonly direction: 'up' | 'undo'
  readonly table: string
  readonly rows: bigint
  readonly bytes: bigint
  readonly state: 'capturing' | 'open' | 'restored' | 'dropped' | 'settled'
  readonly createdAt: Date
  readonly expiresAt: Date
  /** Rows that were deleted from it because their person asked. */
  readonly erased: bigint
}

/** Newest first, also those that are closed. */
export async function listStashes(client: StepClient): Promise<readonly Stash[]> {
  return select(client, 'true')
}

/**
 * Deletes what one stash holds: it cannot be given back any more.
 *
 * @throws SankofaError `STASH_UNKNOWN`
 */
export async function dropStash(client: StepClient, id: bigint): Promise<void> {
  const [stash] = await select(client, `stash.id = ${id} and ${holds}`)
  if (stash === undefined) throw new SankofaError('STASH_UNKNOWN', { id: id.toString() })
  await close(client, [stash], 'dropped', 'was dropped by a person')
}

/** Deletes what has been kept for long enough. @returns what was deleted */
export async function expireStashes(client: StepClient, now: Date): Promise<readonly Stash[]> {
  const late = await select(client, `stash.expires_at <= ${literal(now.toISOString())}::timestamptz and ${holds}`)
  for (const stash of late) {
    await close(client, [stash], 'dropped', `expired on ${stash.expiresAt.toISOString().slice(0, 10)}`)
  }
  return late
}

/** The undo of a migration is given up: everything that was kept for it goes. @returns what was deleted */
export async function settleStash(client: StepClient, migration: string): Promise<readonly Stash[]> {
  const all = await select(client, `stash.migration = ${literal(migration)} and ${holds}`)
  await close(client, all, 'settled', 'was given up when the migration was settled')
  return all
}

const holds = `(stash.state in ('capturing', 'open') or (stash.state = 'restored' and stash.rows > 0))`

async function select(client: StepClient, where: string): Promise<readonly Stash[]> {
  const { rows } = await client.query<
    Omit<Stash, 'id' | 'rows' | 'bytes' | 'erased' | 'createdAt' | 'expiresAt'> &
      Record<'id' | 'rows' | 'bytes' | 'erased' | 'createdMs' | 'expiresMs', string>
  >(
    `select stash.id::text as id, stash.migration, stash.direction, stash.table_name as table, stash.rows::text as rows,
            stash.bytes::text as bytes, stash.state, (extract(epoch from stash.created_at) * 1000)::int8::text as "createdMs", (extract(epoch from stash.expires_at) * 1000)::int8::text as "expiresMs",
            stash.erased::text as erased
       from sankofa.stash
      where ${where}
      order by stash.id desc`,
  )
  return rows.map(({ createdMs, expiresMs, ...row }) => ({
    ...row,
    createdAt: new Date(Number(createdMs)),
    expiresAt: new Date(Number(expiresMs)),
    id: BigInt(row.id),
    rows: BigInt(row.rows),
    bytes: BigInt(row.bytes),
    erased: BigInt(row.erased),
  }))
}

/** One message to the server is one transaction: no stash is gone that the registry still has. */
async function close(
  client: StepClient,
  stashes: readonly Stash[],
  state: 'dropped' | 'settled',
  why: string,
): Promise<void> {
  if (stashes.length === 0) return
  const hidden = await dropHidden(client, stashes)
  const tables = stashes.flatMap(({ id }) => [stashTable(id), captureTable(id), movedTable(id)])
  const ids = stashes.map(({ id }) => id).join(', ')
  await client.query(
    `${hidden}drop table if exists ${tables.join(', ')};
     update sankofa.stash
        set state = '${state}', rows = 0, bytes = 0, checksum = null, closed_at = clock_timestamp(), closed_why = ${literal(why)}
      where stash.id in (${ids})`,
  )
}

/** A hidden column goes for good: one short lock for each table, or none and an error. */
async function dropHidden(client: StepClient, stashes: readonly Stash[]): Promise<string> {
  const { rows } = await client.query<{ kept: Kept }>(
    `select stash.plan as kept from sankofa.stash
      where stash.id = any ($1::int8[]) and stash.plan -> 'instant' ->> 'how' = 'hide'`,
    [stashes.map(({ id }) => id.toString())],
  )
  const statements: string[] = []
  for (const { kept } of rows) {
    const table = await whereHidden(client, kept)
    if (table === undefined || kept.instant?.how !== 'hide') continue
    const drops = kept.instant.columns.map(({ name }) => `drop column ${identifier(name)}`)
    statements.push(`alter table ${quoted(table)} ${drops.join(', ')};\n`)
  }
  return statements.length === 0 ? '' : `set local lock_timeout = '2s';\n${statements.join('')}`
}
