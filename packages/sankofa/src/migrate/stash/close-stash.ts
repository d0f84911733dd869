import type { StepClient } from '../migration.ts'
import { stashTable, workTable } from './kept.ts'
import type { Work } from './put-work.ts'
import { type Entry, recount } from './registry.ts'
import type { RestoredTable } from './stash-plan.ts'
import { fullName, type Table } from './world.ts'

/** The undo has not made the table anew, or not with the columns that name its rows. */
export async function leave(
  client: StepClient,
  { id, kept, rows }: Entry,
  table: Table | undefined,
): Promise<RestoredTable> {
  await client.query(`update sankofa.stash set state = 'restored', closed_at = clock_timestamp() where stash.id = $1`, [
    id.toString(),
  ])
  return {
    table: fullName(kept),
    ...nothing,
    left: Number(rows),
    leftBecause:
      table === undefined ? 'the table is not there any more' : 'columns that name its rows are not there any more',
  }
}

const nothing = { inserted: 0, updated: 0, deletedSince: 0, writtenSince: 0 }

/** What was given back, or needs no giving back, leaves the stash. */
export async function close(client: StepClient, work: Work): Promise<RestoredTable> {
  const { entry, sorted, failures, inserted, updated } = work
  const left = new Map([...sorted.left.map(({ id, reason }) => [id, reason] as const), ...failures])
  await client.query(`drop table ${workTable(entry.id)}`)
  await client.query(`delete from ${stashTable(entry.id)} as stashed where not stashed.id = any ($1::int8[])`, [
    [...left.keys()],
  ])
  await recount(client, entry.id)
  if (left.size === 0) await client.query(`drop table ${stashTable(entry.id)}`)
  await client.query(
    `update sankofa.stash
        set state = 'restored', closed_at = clock_timestamp(), put_back = $2::int8,
            bytes = case when $3 then 0 else stash.bytes end, checksum = case when $3 then null else stash.checksum end
      where stash.id = $1`,
    [entry.id.toString(), inserted + updated + sorted.filled, left.size === 0],
  )
  const first = left.values().next().value
  return {
    table: fullName(entry.kept),
    inserted,
    updated: updated + sorted.filled,
    deletedSince: sorted.deletedSince,
    writtenSince: sorted.writtenSince,
    left: left.size,
    ...(first === undefined ? {} : { leftBecause: first }),
  }
}
