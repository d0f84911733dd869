import type { StepClient } from '../migration.ts'
import { rowsOf, standIn, stashTable, uniquesOf } from './kept.ts'
import { settable, type Work } from './put-work.ts'
import { identifier, isAs, type Stamps } from './text-form.ts'
import { tolerantly } from './tolerant.ts'
import { withoutTriggers } from './triggers.ts'

/**
 * The undo has made a row of its own, in this transaction, that takes a unique value of a kept one, as it did when it was
 * tried out, and with the same values: that row becomes the kept one.
 */
export async function replaceStandIns(client: StepClient, work: Work, stamps: Stamps): Promise<void> {
  const { entry, table, names, sorted, failures } = work
  const unique = uniquesOf(entry.kept, table)
  const columns = table.columns.flatMap((column) => {
    const index = names.columns.indexOf(column.name)
    return index < 0 || column.generated ? [] : [{ ...column, number: index + 1, value: `stashed.v${index + 1}` }]
  })
  const same = unique.map((list) =>
    columns
      .filter(({ name }) => list.includes(name))
      .map(({ name, value }) => `target.${identifier(name)}::text = ${value}`)
      .join(' and '),
  )
  if (same.length === 0) return
  const always = columns.filter(({ identity }) => identity === 'a').map(({ name }) => name)
  const asTriedOut = columns.map(({ name, number }) =>
    isAs(`stashed.base[${number + 1}]`, `target.${identifier(name)}::text`, stamps),
  )
  const replaced: string[] = []
  const ids = sorted.insert.filter((id) => failures.has(id))
  await withoutTriggers(client, table, () =>
    settable(client, table, always, () =>
      tolerantly(client, ids, async (some) => {
        const { rows } = await client.query<{ id: string }>(
          `update ${rowsOf(table)} as target set ${columns.map(({ name, value, type }) => `${identifier(name)} = ${value}::${type}`).join(', ')}
             from ${stashTable(entry.id)} as stashed
            where stashed.id = any ($1::int8[]) and stashed.base[1] = '${standIn}' and ${asTriedOut.join(' and ')}
              and target.xmin = pg_catalog.pg_current_xact_id()::xid and (${same.map((each) => `(${each})`).join(' or ')})
           returning stashed.id::text as id`,
          [some],
        )
        replaced.push(...rows.map(({ id }) => id))
      }),
    ),
  )
  const done = new Set(replaced)
  for (const id of done) failures.delete(id)
  work.inserted += done.size
}
