import type { StepClient } from '../migration.ts'
import { whereHidden } from './hide.ts'
import { checksumOf, type Kept, movedTable, stashTable } from './kept.ts'

/** A row of `sankofa.stash`, as whoever gives rows back reads it. */
export type Entry = {
  readonly id: bigint
  readonly direction: 'up' | 'undo'
  readonly table: string
  readonly kept: Kept
  readonly rows: bigint
  readonly checksum: string | null
  readonly state: 'capturing' | 'open' | 'restored' | 'dropped' | 'settled'
  readonly expiresAt: Date
  readonly closedWhy: string | null
}

/** What the last run of a step kept; locked, so that nobody drops it meanwhile. Empty when it kept nothing. */
export async function lastRun(
  client: StepClient,
  migration: string,
  direction: 'up' | 'undo',
): Promise<readonly Entry[]> {
  const { rows } = await client.query<
    Omit<Entry, 'id' | 'rows' | 'expiresAt'> & { id: string; rows: string; expiresMs: string }
  >(
    `select stash.id::text as id, stash.direction, stash.table_name as table, stash.plan as kept, stash.rows::text as rows, stash.checksum,
            stash.state, (extract(epoch from stash.expires_at) * 1000)::int8::text as "expiresMs", stash.closed_why as "closedWhy"
       from sankofa.stash
      where stash.migration = $1 and stash.direction = $2
        and stash.run = (select max(latest.run) from sankofa.stash as latest where latest.migration = $1 and latest.direction = $2)
      order by stash.id
        for update`,
    [migration, direction],
  )
  return rows.map(({ expiresMs, ...row }) => ({
    ...row,
    id: BigInt(row.id),
    rows: BigInt(row.rows),
    // As a number: a session may write its dates in a way of its own.
    expiresAt: new Date(Number(expiresMs)),
  }))
}

/** Columns that any step has hidden and that no step has made again. */
export async function hiddenEntries(client: StepClient): Promise<readonly Pick<Entry, 'id' | 'kept'>[]> {
  const { rows } = await client.query<{ id: string; kept: Kept }>(
    `select stash.id::text as id, stash.plan as kept
       from sankofa.stash
      where stash.state = 'open' and stash.plan -> 'instant' ->> 'how' = 'hide'
      order by stash.id
        for update`,
  )
  return rows.map(({ id, kept }) => ({ id: BigInt(id), kept }))
}

/** Is what lies there what was written there? Of what is hidden or moved: is it there? */
export async function isAsWritten(client: StepClient, { id, kept, checksum }: Entry): Promise<boolean> {
  if (kept.instant?.how === 'hide') return (await whereHidden(client, kept)) !== undefined
  if (kept.instant?.how === 'move') {
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('${movedTable(id)}') is not null as there`,
    )
    return rows[0]?.there === true
  }
  const { rows: there } = await client.query<{ there: boolean }>(
    `select to_regclass('${stashTable(id)}') is not null as there`,
  )
  if (there[0]?.there !== true) return false
  const { rows } = await client.query<{ checksum: string }>(`select (${checksumOf(stashTable(id))}) as checksum`)
  return rows[0]?.checksum === checksum
}

/** After a stash's rows have become fewer on purpose. */
export async function recount(client: StepClient, id: bigint): Promise<void> {
  const name = stashTable(id)
  await client.query(
    `update sankofa.stash
        set rows = (select count(*) from ${name} as stashed where stashed.spare is not true),
            bytes = pg_catalog.pg_total_relation_size('${name}'), checksum = (${checksumOf(name)})
      where stash.id = $1`,
    [id.toString()],
  )
}
