import type { StashPlan } from './stash-plan.ts'
import { type Table, tablesNamed, type World } from './world.ts'

/** What a plan keeps of each table, partitions included. */
export function namesOf(plan: StashPlan, world: World): ReadonlyMap<string, ReadonlySet<string> | 'all'> {
  const kept = new Map<string, ReadonlySet<string> | 'all'>()
  const put = (table: Table, columns: ReadonlySet<string> | 'all'): void => {
    kept.set(table.oid, columns)
    for (const part of world.tables) if (part.isPartition && part.parents.includes(table.oid)) put(part, columns)
  }
  for (const { table, columns } of plan.keeps) {
    for (const found of tablesNamed(world, table)) put(found, columns === 'all' ? 'all' : new Set(columns))
  }
  return kept
}
