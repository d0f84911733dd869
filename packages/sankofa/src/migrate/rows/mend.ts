import type { Random } from './random.ts'
import { apply, type Move, type Row, type Rule } from './rule.ts'

/** A few are usual, some dozens the most that were seen; a row that needs more than this is not found by trying. */
const mostSteps = 150

/** Moves that are compared at each step. */
const looks = 4

export type MendOptions = {
  /** `no`: no move may write NULL. */
  readonly nulls?: 'yes' | 'no'
  readonly steps?: number
}

/**
 * Alters a row until every rule holds: a broken rule is chosen by chance, and of a few of its moves the one that leaves the
 * fewest broken stays, when they are no more than before. Now and then a worse one stays too, so that it does not turn in
 * circles.
 *
 * @returns the rules that are still broken
 */
export function mend(
  row: Row,
  rules: readonly Rule[],
  random: Random,
  { nulls = 'yes', steps = mostSteps }: MendOptions = {},
): readonly Rule[] {
  let broken: readonly Rule[] = rules.filter((rule) => rule.broken(row))
  for (let step = 0; step < steps; step++) {
    const rule = broken[random(broken.length)]
    if (rule === undefined) break
    const best = bestMove(row, rule, { rules, broken, random, nulls })
    if (best === undefined) continue
    if (best.broken.length > broken.length && random(10) > 0) continue
    apply(row, best.move)
    broken = best.broken
  }
  return broken
}

type Look = { readonly move: Move; readonly broken: readonly Rule[] }
type Search = {
  readonly rules: readonly Rule[]
  readonly broken: readonly Rule[]
  readonly random: Random
  readonly nulls: 'yes' | 'no'
}

function bestMove(row: Row, rule: Rule, { rules, broken, random, nulls }: Search): Look | undefined {
  let best: Look | undefined
  for (let look = 0; look < looks; look++) {
    const move = rule.move(row, random)
    if (move === undefined || (nulls === 'no' && writesNull(move))) continue
    const before = move.map(([column]) => [column, row.get(column)] as const)
    apply(row, move)
    // A rule that looks at none of these columns is as it was.
    const left = rules.filter((other) =>
      move.some(([column]) => other.columns.includes(column)) ? other.broken(row) : broken.includes(other),
    )
    apply(row, before)
    if (best === undefined || left.length < best.broken.length) best = { move, broken: left }
    if (left.length === 0) break
  }
  return best
}

export const writesNull = (move: Move): boolean => move.some(([, value]) => value === null)
