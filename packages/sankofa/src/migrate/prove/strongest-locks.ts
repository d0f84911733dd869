import { type LockMode, lockModes, type Observed } from '../watch/observe-statement.ts'

/** The strongest lock that was seen on each table. */
export function strongestLocks(
  seen: readonly Observed[],
): readonly { readonly table: string; readonly mode: LockMode }[] {
  const strongest = new Map<string, LockMode>()
  for (const { table, mode } of seen.flatMap(({ locks }) => locks)) {
    const before = strongest.get(table)
    if (before === undefined || lockModes.indexOf(mode) > lockModes.indexOf(before)) strongest.set(table, mode)
  }
  return [...strongest].map(([table, mode]) => ({ table, mode }))
}
