import type { StepClient } from '../migration.ts'
import type { Solved } from './solve-table.ts'
import { quoted, type Table } from './table.ts'

/**
 * Fills a table with its triggers off, and puts them on again as they were: a ledger takes entries by its own functions
 * only, and what a proof knows of a table without rows is nothing. Constraints hold as ever.
 *
 * @param client - superuser, in a transaction; a failure of `fill` leaves it aborted
 * @returns `undefined` where the table has no triggers that could be in the way
 */
export async function pastTriggers(
  client: StepClient,
  table: Table,
  fill: () => Promise<Solved>,
): Promise<Solved | undefined> {
  const { rows: triggers } = await client.query<{ readonly name: string; readonly always: boolean }>(
    `select trigger.tgname as name, trigger.tgenabled = 'A' as always
       from pg_catalog.pg_trigger as trigger
       join pg_catalog.pg_class as class on class.oid = trigger.tgrelid
      where class.oid = $1::oid and class.relkind = 'r' and trigger.tgparentid = 0
        and not trigger.tgisinternal and trigger.tgenabled in ('O', 'A')
        and trigger.tgtype & 4 = 4`,
    [table.oid],
  )
  if (triggers.length === 0) return undefined
  const alter = (how: (always: boolean) => string): string =>
    triggers.map(({ name, always }) => `alter table ${table.sql} ${how(always)} trigger ${quoted(name)}`).join(';')
  await client.query(alter(() => 'disable'))
  const solved = await fill()
  await client.query(alter((always) => (always ? 'enable always' : 'enable')))
  return solved.rows === 0 ? undefined : { ...solved, pastTriggers: true }
}
