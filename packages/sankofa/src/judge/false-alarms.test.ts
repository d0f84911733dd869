import { describe, expect, test } from 'vitest'
import { environments, runStudy, type Study } from './simulate/index.ts'
import type { JudgePlan } from './types.ts'

/** α is 1 %; at most 12 alarms of 2,000 put the upper 95 % limit below it. */
const runs = 2_000
const mostAlarms = 12

const alarms = (study: Study): number => runStudy(study).filter(({ outcome }) => outcome === 'undone').length

/** One guard that holds all of α, instead of sharing it. */
const onlyLatency =
  (quantile: number) =>
  ({ guards }: JudgePlan): JudgePlan['guards'] =>
    guards.flatMap((guard) =>
      guard.measure === 'latency' && guard.quantile === quantile ? [{ ...guard, weight: 0.95 }] : [],
    )

describe('a change that does nothing is undone in at most 1 % of rollouts', { timeout: 1_200_000 }, () => {
  test('with chronic failers, drift, an incident and two harmful changes beside it, at 50 requests a second', () => {
    const world = { customers: 2_000, requestsPerSecond: 50, environment: environments.all }
    expect(alarms({ seed: 1, runs, world, rollout: { untilMs: 3_600_000 } })).toBeLessThanOrEqual(mostAlarms)
  })

  test('the same at 5 requests a second, for up to three hours', () => {
    const world = { customers: 2_000, requestsPerSecond: 5, environment: environments.all }
    expect(alarms({ seed: 2, runs, world, rollout: { untilMs: 10_800_000 } })).toBeLessThanOrEqual(mostAlarms)
  })

  test('with one guard that holds all of α, and 200 customers who differ much', () => {
    const world = { customers: 200, requestsPerSecond: 5, environment: environments.unequal }
    const study = { seed: 3, runs, world, guards: onlyLatency(0.9), rollout: { untilMs: 3_600_000 } }
    expect(alarms(study)).toBeLessThanOrEqual(mostAlarms)
  })
})
