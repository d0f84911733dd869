import type { StepClient } from '../migration.ts'
import { type Kept, type NamesNow, rowsOf, stashTable, triggers, workTable } from './kept.ts'
import type { Entry } from './registry.ts'
import { isAs, type Stamps } from './text-form.ts'
import type { Failure } from './tolerant.ts'
import { withoutTriggers } from './triggers.ts'
import type { Table } from './world.ts'

/** Which kept rows need what. */
export type Sorted = {
  readonly insert: readonly string[]
  readonly update: readonly string[]
  /** Rows that have everything back already. */
  readonly filled: number
  readonly deletedSince: number
  readonly writtenSince: number
  readonly left: readonly Failure[]
}

/**
 * Compares what was kept, what the undo alone would have made of it, and what is there now: row by row, value by value.
 *
 * @param referred - other tables refer to its rows: none may go, even for a moment
 */
export async function sortOut(
  client: StepClient,
  { id, kept }: Entry,
  table: Table,
  names: NamesNow,
  stamps: Stamps,
  referred: boolean,
): Promise<Sorted> {
  const work = workTable(id)
  // What a trigger made says nothing of who wrote: the rest of the row does.
  const unwritten = kept.columns.flatMap((_, index) => {
    const [now, was, base] = [`work.v${index + 1}`, `stashed.v${index + 1}`, `stashed.base[${index + 1}]`]
    if (names.columns[index] === undefined) return []
    return [
      `(case when ${base} is null then ${now} is not distinct from ${was} else ${base} = '${triggers}' or ${isAs(base, now, stamps)} end)`,
    ]
  })
  const asMadeBy = (base: string, now: string): string =>
    kept.byTrigger === undefined
      ? isAs(base, now, stamps)
      : `(case when ${base} = '${triggers}' then ${unwritten.join(' and ')} else ${isAs(base, now, stamps)} end)`
  const takes = kept.columns.map((_, index) => {
    const [now, was, position] = [`work.v${index + 1}`, `stashed.v${index + 1}`, index + 1]
    if (names.columns[index] === undefined) return 'false'
    const untouched =
      kept.rehearsed === 'no'
        ? `case when stashed.after[${position}] is null then stashed.whole = 'same' or ${now} is null
                else stashed.after[${position}] = 'same' end`
        : `stashed.base[${position}] is not null and ${asMadeBy(`stashed.base[${position}]`, now)}`
    return `coalesce(${untouched}, false) and ${now} is distinct from ${was}`
  })
  await client.query(
    `update ${work} as work set take = array[${takes.join(', ')}]::boolean[]
       from ${stashTable(id)} as stashed where stashed.id = work.id and work.place is not null and not stashed.gone and not stashed.spare`,
  )
  const same = kept.columns
    .map((_, index) => `work.v${index + 1} is not distinct from stashed.v${index + 1}`)
    .join(' and ')
  const written = kept.columns.map(
    (_, index) =>
      `(work.v${index + 1} is distinct from stashed.v${index + 1} and not work.take[${index + 1}]
        and ${kept.rehearsed === 'no' ? 'true' : `stashed.base[${index + 1}] is not null`})::int`,
  )
  const asMade = kept.columns.map((_, index) => isAs(`stashed.base[${index + 1}]`, `work.v${index + 1}`, stamps))
  // Values that were put in when the undo had just added their column.
  const filled = kept.columns.map(
    (_, index) =>
      `(work.v${index + 1} = stashed.v${index + 1} and ${kept.rehearsed === 'no' ? `stashed.after[${index + 1}] is null` : `stashed.base[${index + 1}] is not null`})`,
  )
  const { rows } = await client.query<{ what: string; ids: readonly string[]; written: string }>(
    `select sorted.what, array_agg(sorted.id::text order by sorted.id) as ids, coalesce(sum(sorted.written), 0)::text as written
       from (
         select stashed.id,
                case when stashed.spare then case when work.place is null then 'spare gone'
                                               when stashed.base is null then 'spare'
                                               when ${asMade.join(' and ')} then 'surplus'
                                               else 'as written' end
                     when stashed.whole = 'deleted' then 'deleted'
                     when work.place is null then case when stashed.gone or stashed.whole is not null then 'insert' else 'deleted' end
                     when stashed.gone then case when ${same} then 'there' else 'taken' end
                     when true = any (work.take) then 'update'
                     when ${filled.join(' or ')} then 'filled'
                     else 'as written' end as what,
                case when work.place is not null and not stashed.gone and not stashed.spare then ${written.join(' + ')} else 0 end as written
           from ${stashTable(id)} as stashed join ${work} as work on work.id = stashed.id
       ) as sorted
      group by sorted.what`,
  )
  const idsOf = (what: string): readonly string[] => rows.find((row) => row.what === what)?.ids ?? []
  const left: Failure[] = idsOf('taken').map((each) => ({
    id: each,
    reason: 'a row with the same key was added since',
  }))
  left.push(...(await unfit(client, id, kept, names)))
  let insert = idsOf('insert')
  if (insert.length > 0 && !kept.all) {
    left.push(...insert.map((each) => ({ id: each, reason: 'only some of its columns were kept' })))
    insert = []
  }
  const removeNow = async (ids: readonly string[]): Promise<void> => {
    await client.query(
      `delete from ${rowsOf(table)} as target using ${work} as work
        where work.id = any ($1::int8[]) and target.ctid = work.place and target.tableoid = work.part`,
      [ids],
    )
  }
  // The undo has made rows, in a table that it made anew, that were never there; nobody's writing is in them.
  const surplus = referred ? [] : idsOf('surplus')
  if (surplus.length > 0) await withoutTriggers(client, table, () => removeNow(surplus))
  const spares = idsOf('spare')
  if (kept.spares) {
    // Without a key nobody can say which kept row belongs to which of them: all together, or none.
    if (referred || idsOf('spare gone').length > 0 || spares.length !== insert.length) {
      left.push(
        ...insert.map((each) => ({
          id: each,
          reason: 'the table has no key, and rows that the step rewrote were written since',
        })),
      )
      insert = []
    } else {
      await withoutTriggers(client, table, () => removeNow(spares))
    }
  }
  return {
    insert,
    update: idsOf('update'),
    filled: idsOf('filled').length,
    deletedSince: idsOf('deleted').length,
    writtenSince: rows.reduce((sum, row) => sum + Number(row.written), 0),
    left,
  }
}

/** Rows with a value for a column that has not come back. */
async function unfit(client: StepClient, id: bigint, kept: Kept, names: NamesNow): Promise<readonly Failure[]> {
  const missing = kept.columns.flatMap((name, index) =>
    names.columns[index] === undefined ? [{ name, number: index + 1 }] : [],
  )
  if (missing.length === 0) return []
  const { rows } = await client.query<{ id: string }>(
    `select stashed.id::text as id from ${stashTable(id)} as stashed
      where not stashed.spare and (${missing.map(({ number }) => `stashed.v${number} is not null`).join(' or ')})`,
  )
  const reason = `it has no column ${missing.map(({ name }) => name).join(', ')} any more`
  return rows.map((row) => ({ id: row.id, reason }))
}
