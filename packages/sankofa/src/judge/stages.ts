import type { Stage } from './types.ts'

/** What must be ruled out before a share is left, and for how long it is kept at least. */
const gates = [
  { ruleOutRatio: 10, ruleOutExcess: 0.05, minimumMs: 60_000 },
  { ruleOutRatio: 3, ruleOutExcess: 0.02, minimumMs: 120_000 },
  { ruleOutRatio: 2, ruleOutExcess: 0.005, minimumMs: 120_000 },
] as const
const gatesOfThree = [
  { ruleOutRatio: 5, ruleOutExcess: 0.03, minimumMs: 60_000 },
  { ruleOutRatio: 2, ruleOutExcess: 0.005, minimumMs: 120_000 },
] as const

/** The last share keeps the old path exercised; ruling out a ratio there takes hours, so it is left by time. */
const last: Stage = { share: 0.99, ruleOutRatio: undefined, ruleOutExcess: undefined, minimumMs: 300_000 }

/** A first share that draws fewer sees nothing. */
const fewestExposed = 20

/**
 * Stages that fit the traffic: 2, 10, 50, 99 % at 50 requests a second and 2,000 subjects; larger first steps where
 * there are fewer.
 *
 * @param subjects - distinct subjects in the last hour
 */
export function defaultStages(requestsPerSecond: number, subjects: number): readonly Stage[] {
  // Where nobody was counted, nothing is known of how many there are: the smallest steps.
  if (subjects === 0) return stagesOf(0.02, 0.1)
  const needed = fewestExposed / subjects
  // Between the traffics that were simulated (50, 5, 0.2 a second), the geometric middle decides.
  if (requestsPerSecond < 1 || needed > 0.2) {
    return [
      ...[Math.min(Math.max(0.2, needed), 0.4), 0.5].map((share, i) => ({ share, ...gateOf(gatesOfThree, i) })),
      last,
    ]
  }
  const [first, second] = requestsPerSecond < 16 ? [0.05, 0.2] : [0.02, 0.1]
  const share = Math.max(first, needed)
  const next = Math.min(Math.max(second, 3.75 * share), 0.4)
  return stagesOf(share, next)
}

const stagesOf = (first: number, second: number): readonly Stage[] => [
  ...[first, second, 0.5].map((share, i) => ({ share, ...gateOf(gates, i) })),
  last,
]

function gateOf(list: readonly Omit<Stage, 'share'>[], index: number): Omit<Stage, 'share'> {
  return list[index] ?? last
}
