import { describe, expect, test } from 'vitest'
import { environments, runStudy, type Study } from './simulate/index.ts'

/**
 * Where a test without tenure strata breaks: a few customers make most visits, so that who of them is exposed decides
 * how many are at risk for as long as the stage lasts, while newcomers, who fail first, go on arriving as drawn.
 */
const heavyUsers: Study = {
  seed: 4,
  runs: 2_000,
  world: { customers: 1_000, requestsPerSecond: 20, environment: { ...environments.unequal, visitsLogSd: 3 } },
  guards: ({ guards }) =>
    guards.flatMap((guard) =>
      guard.measure === 'latency' && guard.quantile === 0.75 ? [{ ...guard, weight: 0.95 }] : [],
    ),
  rollout: {
    untilMs: 1_500_000,
    stages: [{ share: 0.1, ruleOutRatio: 2, ruleOutExcess: 0.001, minimumMs: 1e9 }],
  },
}

const alarms = (study: Study): number => runStudy(study).filter(({ outcome }) => outcome === 'undone').length

describe('among customers of whom a few make most visits', { timeout: 1_200_000 }, () => {
  test('the level holds with tenure strata', () => {
    expect(alarms(heavyUsers)).toBeLessThanOrEqual(12)
  })

  test('it breaks without them, so this test can fail', () => {
    const without = { ...heavyUsers.rollout, judge: { withoutTenureStrata: true } }
    expect(alarms({ ...heavyUsers, rollout: without })).toBeGreaterThan(12)
  })
})
