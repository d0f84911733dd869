import { unitInterval } from '../judge/index.ts'
import type { Exposure } from '../observe/index.ts'
import type { Flag } from './flag.ts'
import type { FlagState } from './known-state.ts'
import { remember } from './remember.ts'
import { type Attributes, compileRules, type Treatment } from './rules.ts'

/** One flag in its present state, ready to answer. Subjects come as their keys. */
export type Evaluator = {
  /** On for everyone, and also where there is no subject. */
  readonly settled: boolean
  isOn(subjectKey: string, attributes: Attributes): boolean
  /** What is to be measured, or `undefined` for a subject that was not randomised. */
  exposure(subjectKey: string, attributes: Attributes): Exposure | undefined
}

const keptDraws = 10_000

/** A subject's place in [0, 1) under a salt: the same in every process, independent between salts. */
export type Draw = (subjectKey: string) => number
export const createDraw = (salt: string): Draw => remember(keptDraws, (key) => unitInterval(salt, key))

/**
 * Named subjects first, then the rules, then the draw. A share of 0 is off for everyone, named subjects included: what is
 * taken back is taken back for all. Settled is on for everyone: the old path may be gone.
 *
 * @param options.overridden - taken back on this host by `back --local`: off, and not measured here
 */
export function createEvaluator(
  flag: Flag,
  state: FlagState,
  options: { readonly subjectKey: (id: string) => string; readonly overridden: boolean; readonly draw: Draw },
): Evaluator {
  const { draw } = options
  const { change, goId, stage, share, shareBefore, settled } = state
  const live = share > 0 && !options.overridden
  const named = new Map<string, Treatment>([
    ...flag.named.on.map((id) => [options.subjectKey(id), 'on'] as const),
    ...flag.named.off.map((id) => [options.subjectKey(id), 'off'] as const),
  ])
  const byRules = compileRules(flag.rules, flag.otherwise)
  const treat = (key: string, attributes: Attributes): Treatment => named.get(key) ?? byRules(attributes)

  return {
    settled,
    isOn(key, attributes) {
      if (settled) return true
      if (!live) return false
      const treatment = treat(key, attributes)
      return treatment === 'randomised' ? draw(key) < share : treatment === 'on'
    },
    exposure(key, attributes) {
      // At share 1 there is no control: nobody is randomised, so nothing is measured.
      if (change === undefined || goId === undefined || settled || !live || share === 1) return undefined
      if (treat(key, attributes) !== 'randomised') return undefined
      const place = draw(key)
      return { change, goId, stage, exposed: place < share, fresh: place >= shareBefore }
    },
  }
}
