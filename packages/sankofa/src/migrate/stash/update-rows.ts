import type { StepClient } from '../migration.ts'
import { rowsOf, stashTable, workTable } from './kept.ts'
import { settable, type Work } from './put-work.ts'
import { identifier } from './text-form.ts'
import { tolerantly } from './tolerant.ts'
import { withoutTriggers } from './triggers.ts'

/** Gives values back to rows that are there. */
export async function updateRows(client: StepClient, work: Work): Promise<void> {
  const { entry, table, names, sorted, failures } = work
  if (sorted.update.length === 0) return
  const { rows } = await client.query<{ taken: readonly boolean[] }>(
    `select array[${names.columns.map((_, index) => `coalesce(bool_or(work.take[${index + 1}]), false)`).join(', ')}] as taken
       from ${workTable(entry.id)} as work`,
  )
  const columns = table.columns.flatMap((column) => {
    const index = names.columns.indexOf(column.name)
    return index < 0 || column.generated || rows[0]?.taken[index] !== true ? [] : [{ ...column, number: index + 1 }]
  })
  const sets = columns.map(
    ({ name, number, type }) =>
      `${identifier(name)} = case when work.take[${number}] then stashed.v${number}::${type} else target.${identifier(name)} end`,
  )
  const always = columns.filter(({ identity }) => identity === 'a').map(({ name }) => name)
  const updateSome = async (ids: readonly string[]): Promise<void> => {
    await client.query(
      `update ${rowsOf(table)} as target set ${sets.join(', ')}
         from ${workTable(entry.id)} as work join ${stashTable(entry.id)} as stashed on stashed.id = work.id
        where work.id = any ($1::int8[]) and target.ctid = work.place and target.tableoid = work.part`,
      [ids],
    )
  }
  const failed = await withoutTriggers(client, table, () =>
    settable(client, table, always, async () => {
      let left = await tolerantly(client, sorted.update, updateSome)
      // Unique values that move up one after another get free in one order only.
      for (let before = Number.POSITIVE_INFINITY; left.length > 0 && left.length < before; ) {
        before = left.length
        left = await tolerantly(client, left.map(({ id }) => id).reverse(), updateSome)
      }
      return left
    }),
  )
  work.updated = sorted.update.length - failed.length
  for (const { id, reason } of failed) failures.set(id, reason)
}
