import type { StepClient } from '../migration.ts'
import type { KnownRows } from './known-rows.ts'
import { pastTriggers } from './past-triggers.ts'
import { forget, planGroup } from './plan-group.ts'
import { sendPlans } from './send-plans.ts'
import { type Solved, solveTable } from './solve-table.ts'
import type { Table } from './table.ts'

const circleAttempts = 6

/** Fills a group that refused what was planned for it: together while that may help, then each table by itself. */
export async function solveGroup(
  client: StepClient,
  group: readonly Table[],
  all: readonly Table[],
  known: KnownRows,
  options: { readonly rows: number; readonly seed: number; readonly tame: boolean },
): Promise<ReadonlyMap<Table, Solved>> {
  if (group.length > 1) {
    await known.load(client, group)
    for (let attempt = 1; attempt <= circleAttempts; attempt++) {
      // One row each is the easiest circle.
      const rows = attempt > 3 ? 1 : options.rows
      const plan = planGroup(group, known, {
        ...options,
        rows,
        attempt,
        tame: options.tame || attempt > 1,
        sparing: options.tame && attempt < circleAttempts - 1,
      })
      const { taken, failed } = await sendPlans(client, [plan], [], [])
      if (failed === undefined) return new Map(taken.map((one) => [one.table, one]))
      for (const { table, rows: planned } of plan) forget(known, table, planned)
    }
  }
  const solved = new Map<Table, Solved>()
  for (const table of group) {
    const fill = (): Promise<Solved> => solveTable(client, table, all, known, options)
    const one = await fill()
    solved.set(table, one.rows > 0 ? one : ((await pastTriggers(client, table, fill)) ?? one))
  }
  return solved
}
