import { logNormalisers } from './fisher.ts'
import { logAdd, logZero } from './log-sum.ts'
import type { Stage } from './types.ts'

/** Promotion asks for evidence of 20 to 1: a stage is left wrongly with probability of at most 5 %. */
export const logClearAt = Math.log(20)

/**
 * What a harmless change may look like, with prior weights. Most weight is on no difference at all: against a third
 * each it leaves the stages a tenth sooner.
 */
const ratioPowers = [
  { power: 0, weight: 0.8 },
  { power: -0.5, weight: 0.1 },
  { power: 0.5, weight: 0.1 },
] as const
/** Where the excess of the alternative lies between none and what must be ruled out. */
const excessParts = [
  { part: 0.02, weight: 0.8 },
  { part: 0.2, weight: 0.1 },
  { part: 0.5, weight: 0.1 },
] as const

/** Evidence that a guard is not worse than the stage tolerates; starts anew at each stage. */
export type Clearing = {
  ratio: number[]
  excess: number[]
  controlFailures: number
  controlAtRisk: number
}

export const emptyClearing = (): Clearing => ({
  ratio: [0, 0, 0],
  excess: [0, 0, 0],
  controlFailures: 0,
  controlAtRisk: 0,
})

/** All subjects at risk in one window, fresh or not. */
export type AtRisk = {
  readonly exposed: number
  readonly control: number
  readonly exposedFailures: number
  readonly controlFailures: number
}

export function addClearing(clearing: Clearing, window: AtRisk, stage: Stage): void {
  if (stage.ruleOutRatio !== undefined) addRatio(clearing.ratio, window, stage.ruleOutRatio)
  if (stage.ruleOutExcess !== undefined) addExcess(clearing, window, stage.ruleOutExcess)
  clearing.controlFailures += window.controlFailures
  clearing.controlAtRisk += window.control
}

/** H0: the odds of failing are at least `d` times control's. */
function addRatio(evidence: number[], window: AtRisk, d: number): void {
  const failures = window.exposedFailures + window.controlFailures
  if (failures === 0 || window.exposed === 0 || window.control === 0) return
  const alternatives = ratioPowers.map(({ power }) => d ** power)
  const [ofNull = 0, ...ofAlternatives] = logNormalisers(window.exposed, window.control, failures, [d, ...alternatives])
  for (let i = 0; i < alternatives.length; i++) {
    const step = window.exposedFailures * Math.log((alternatives[i] ?? 1) / d) + ofNull - (ofAlternatives[i] ?? 0)
    evidence[i] = (evidence[i] ?? 0) + step
  }
}

/** H0: an exposed subject fails in a window at least `excess` more often than control did so far in this stage. */
function addExcess(clearing: Clearing, window: AtRisk, excess: number): void {
  if (window.exposed === 0) return
  const base = clearing.controlAtRisk === 0 ? 0 : clearing.controlFailures / clearing.controlAtRisk
  const ofNull = base + excess
  // Nothing can be excluded where control itself nearly always fails.
  if (ofNull >= 1) return
  const spared = window.exposed - window.exposedFailures
  for (const [i, { part }] of excessParts.entries()) {
    const alternative = base + excess * part
    const step =
      window.exposedFailures * Math.log(alternative / ofNull) + spared * Math.log((1 - alternative) / (1 - ofNull))
    clearing.excess[i] = (clearing.excess[i] ?? 0) + step
  }
}

/** ln of the mean of both; the guard is clear at `logClearAt`. */
export const logClearing = (clearing: Clearing): number =>
  Math.max(logAdd(mix(clearing.ratio, ratioPowers), mix(clearing.excess, excessParts)) - Math.LN2, logZero)

const mix = (logs: readonly number[], priors: readonly { readonly weight: number }[]): number =>
  priors.reduce((sum, { weight }, i) => logAdd(sum, (logs[i] ?? logZero) + Math.log(weight)), logZero)
