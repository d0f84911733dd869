import type { StepClient } from '../migration.ts'
import type { Filled, FillOptions } from './filled.ts'
import { type KnownRows, knownRows } from './known-rows.ts'
import { inOrder } from './order.ts'
import { forget, planGroup } from './plan-group.ts'
import { readTables } from './read-tables.ts'
import { sendPlans } from './send-plans.ts'
import { solveGroup } from './solve-group.ts'
import type { Solved } from './solve-table.ts'
import { literal, type Table } from './table.ts'
import { touchRows } from './touch-rows.ts'

/**
 * Adds rows to every table of a shadow database so that every constraint holds; rows already there are kept. Views and
 * foreign tables are left alone. As superuser. In a transaction of its own, unless the caller has one open: then that one's
 * constraints are immediate from here on.
 */
export async function fillRows(client: StepClient, options: FillOptions): Promise<Filled> {
  const { tables, inside } = await readTables(client, options.ignore)
  const known = knownRows(tables)
  await known.load(
    client,
    tables.filter(({ used }) => used),
  )
  const groups = inOrder(tables.filter(({ ignored }) => !ignored))
  try {
    const solved = await fillGroups(client, groups, tables, known, options, inside)
    return await report(client, groups.flat(), solved)
  } catch (error) {
    if (!inside) await client.query('rollback').catch(() => {})
    throw error
  }
}

/** All groups in one message. Where the server refuses one, that one is solved by itself, and the rest is sent again. */
async function fillGroups(
  client: StepClient,
  groups: readonly (readonly Table[])[],
  tables: readonly Table[],
  known: KnownRows,
  { rowsPerTable: rows, seed, tame = false }: FillOptions,
  inside: boolean,
): Promise<ReadonlyMap<Table, Solved>> {
  const solved = new Map<Table, Solved>()
  const options = { rows, seed, tame }
  let opening = inside ? [] : ['begin']
  for (let from = 0; from < groups.length; ) {
    const plans = groups.slice(from).map((group) => planGroup(group, known, { ...options, sparing: tame, attempt: 0 }))
    const { taken, failed } = await sendPlans(client, plans, opening, inside ? [] : ['commit'])
    opening = []
    for (const { table, rows: added, reason } of taken) solved.set(table, { rows: added, reason })
    if (failed === undefined) return solved
    for (const { table, rows: planned } of plans.slice(failed).flat()) forget(known, table, planned)
    const alone = await solveGroup(client, groups[from + failed] ?? [], tables, known, options)
    for (const [table, one] of alone) solved.set(table, one)
    from += failed + 1
  }
  if (!inside) await client.query([...opening, 'commit'].join(';'))
  return solved
}

/** A table that got nothing may have rows all the same: a migration's, or a trigger's. */
async function report(
  client: StepClient,
  tables: readonly Table[],
  solved: ReadonlyMap<Table, Solved>,
): Promise<Filled> {
  const named = tables.toSorted((a, b) => (a.label < b.label ? -1 : 1))
  const without = named.filter((table) => (solved.get(table)?.rows ?? 0) === 0)
  const bare = new Set<string>()
  if (without.length > 0) {
    const parts = without.map(
      ({ sql, label }) => `select ${literal(label)} as label where not exists (select from ${sql})`,
    )
    const { rows } = await client.query<{ readonly label: string }>(parts.join(' union all '))
    for (const { label } of rows) bare.add(label)
  }
  const past = named.filter((table) => solved.get(table)?.pastTriggers === true).map(({ label }) => label)
  return {
    ...(past.length > 0 && { pastTriggers: past }),
    tables: named
      .filter(({ label }) => !bare.has(label))
      .map((table) => ({ table: table.label, rows: solved.get(table)?.rows ?? 0 })),
    empty: named
      .filter(({ label }) => bare.has(label))
      .map((table) => ({ table: table.label, reason: solved.get(table)?.reason ?? '' })),
  }
}

/**
 * What the new release would write after up: new rows in every table through the schema as it is now, different from
 * those of `fillRows`.
 *
 * @param options.touch - also alters one existing row a table, in a column that no constraint looks at
 */
export async function writeRows(
  client: StepClient,
  options: FillOptions & { readonly touch?: boolean },
): Promise<Filled> {
  const touched = options.touch === true ? await touchRows(client, options) : undefined
  const filled = await fillRows(client, { ...options, seed: options.seed + 7 })
  return { ...filled, ...(touched && { touched }) }
}
