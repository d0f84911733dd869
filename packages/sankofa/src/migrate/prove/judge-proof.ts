import type { RowComparison } from '../rows/row-image.ts'
import type { Loss, ProofGrade } from './proof.ts'
import type { RoundTrip } from './round-trip.ts'
import type { StashTrip } from './stash-trip.ts'

/** The order of columns and the names of indexes and constraints may differ; nothing else may. */
export const isGoodGrade = (grade: ProofGrade): boolean =>
  grade === 'exact' || grade === 'column-order' || grade === 'cosmetic'

/** What becomes of the old rows: with the stash where anything of them could die. */
export function judgeLoss(trip: RoundTrip, stash: StashTrip | undefined): Loss {
  if (trip.rows === undefined) return 'lost'
  const same = nothingGone(trip.rows) && nothingGone(trip.rowsAfterWriting)
  if (stash === undefined) return same ? 'kept' : 'lost'
  // Nothing that the stash would keep, and the rows came back by themselves: nothing can die.
  if (same && stash.kept.length === 0 && stash.failure === undefined) return 'kept'
  return stash.failure === undefined &&
    stash.refused === undefined &&
    stash.rows !== undefined &&
    nothingGone(stash.rows)
    ? 'stashed'
    : 'lost'
}

/** Rows that the undo leaves over, such as those that up had added, are no loss of what was there. */
const nothingGone = (comparison: RowComparison | undefined): boolean =>
  comparison?.differences.every(({ kind }) => kind === 'rows added') !== false

/** One sentence for everything that the undo alone does not bring back. */
export function lossesOf(trip: RoundTrip, stash: StashTrip | undefined): readonly string[] {
  const withStash = [
    ...(stash?.refused === undefined ? [] : [stash.refused]),
    ...(stash?.failure === undefined ? [] : [`With the stash it fails: ${stash.failure}`]),
    ...(stash?.rows?.differences ?? []).map(({ text }) => `With the stash: ${text}`),
  ]
  const without = [...(trip.rows?.differences ?? []), ...(trip.rowsAfterWriting?.differences ?? [])]
  return [...new Set([...without.map(({ text }) => text), ...withStash])]
}
