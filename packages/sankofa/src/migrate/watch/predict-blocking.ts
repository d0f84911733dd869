import type { LockMode, Observed } from './observe-statement.ts'

/** How large a table is where the step will run. */
export type TableSize = { readonly rows: number; readonly bytes: number }

/** For how long others will wait, by what was observed and how large the tables are. A prediction, never a measurement. */
export type Prediction = {
  /** Until the end of the transaction that takes the lock, in ms. */
  readonly blocksReadsMs: number
  readonly blocksWritesMs: number
  readonly tookMs: number
  /** The statement that costs most, for the message. */
  readonly slowest: { readonly sql: string; readonly ms: number; readonly why: string } | undefined
}

// Half of what one core did with everything in memory (docs/decisions/011): a prediction had better be too long.
const rewriteBytesPerMs = 70_000
const scanBytesPerMs = 700_000
const indexRowsPerMs = 700
const writtenRowsPerMs = 170

const blocksReads: readonly LockMode[] = ['AccessExclusiveLock']
const blocksWrites: readonly LockMode[] = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']

/**
 * @param sizes - by `schema.table`; a table that is not in it counts as empty
 * @param shadowRows - rows that each table had when the step was observed: the share of it that a statement wrote is
 *   taken to be the share that it will write
 */
export function predictBlocking(
  seen: readonly Observed[],
  sizes: ReadonlyMap<string, TableSize>,
  shadowRows: ReadonlyMap<string, number>,
): Prediction {
  let blocksReadsMs = 0
  let blocksWritesMs = 0
  let tookMs = 0
  let slowest: Prediction['slowest']
  let locked: readonly LockMode[] = []
  for (const statement of seen) {
    const { ms, why } = costOf(statement, sizes, shadowRows)
    tookMs += ms
    if (slowest === undefined || ms > slowest.ms) slowest = { sql: statement.sql, ms, why }
    if (!statement.inTransaction) {
      locked = []
      continue
    }
    // A lock is kept until the commit: whatever comes after it in the transaction is waited for as well.
    locked = [...locked, ...statement.locks.map(({ mode }) => mode)]
    if (locked.some((mode) => blocksReads.includes(mode))) blocksReadsMs += ms
    if (locked.some((mode) => blocksWrites.includes(mode))) blocksWritesMs += ms
  }
  return { blocksReadsMs, blocksWritesMs, tookMs, slowest }
}

function costOf(
  statement: Observed,
  sizes: ReadonlyMap<string, TableSize>,
  shadowRows: ReadonlyMap<string, number>,
): { readonly ms: number; readonly why: string } {
  const size = (table: string): TableSize => sizes.get(table) ?? { rows: 0, bytes: 0 }
  const reasons: { readonly ms: number; readonly why: string }[] = [{ ms: statement.tookMs, why: 'as it was measured' }]
  for (const table of statement.rewritten) {
    reasons.push({ ms: size(table).bytes / rewriteBytesPerMs, why: `rewrites ${table}` })
  }
  for (const table of statement.indexed) {
    const { rows, bytes } = size(table)
    reasons.push({ ms: rows / indexRowsPerMs + bytes / scanBytesPerMs, why: `builds an index on ${table}` })
  }
  for (const table of statement.scanned)
    reasons.push({ ms: size(table).bytes / scanBytesPerMs, why: `reads all of ${table}` })
  for (const { table, inserted, updated, deleted } of statement.written) {
    const share = Math.min(1, (inserted + updated + deleted) / Math.max(shadowRows.get(table) ?? 1, 1))
    reasons.push({ ms: (share * size(table).rows) / writtenRowsPerMs, why: `writes rows of ${table}` })
  }
  const ms = reasons.reduce((sum, reason) => sum + reason.ms, 0)
  return { ms, why: reasons.toSorted((a, b) => b.ms - a.ms)[0]?.why ?? '' }
}
