import type { Random } from './random.ts'
import { apply, type Row, type Rule } from './rule.ts'

/** A few are usual, some dozens the most that were seen; a row that needs more than this is not found by trying. */
const mostSteps = 150

/**
 * Alters a row until every rule holds: a broken rule is chosen by chance and moved, and the move stays when it breaks no more
 * than before. Now and then a worse one stays too, so that it does not turn in circles.
 *
 * @returns the rules that are still broken
 */
export function mend(row: Row, rules: readonly Rule[], random: Random): readonly Rule[] {
  const brokenNow = (): Rule[] => rules.filter((rule) => rule.broken(row))
  let broken = brokenNow()
  for (let step = 0; step < mostSteps; step++) {
    const rule = broken[random(broken.length)]
    if (rule === undefined) break
    const move = rule.move(row, random)
    if (move === undefined) continue
    const before = move.map(([column]) => [column, row.get(column)] as const)
    apply(row, move)
    const after = brokenNow()
    if (after.length <= broken.length || random(20) === 0) broken = after
    else apply(row, before)
  }
  return broken
}
