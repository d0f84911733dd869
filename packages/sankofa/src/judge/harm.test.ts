import { describe, expect, test } from 'vitest'
import {
  type Effect,
  effects,
  environments,
  quantile,
  type RolloutResult,
  runStudy,
  type Study,
} from './simulate/index.ts'

const shop = { customers: 2_000, requestsPerSecond: 50 }
const rollouts = (effect: Effect, runs: number, more: Partial<Study> = {}): readonly RolloutResult[] =>
  runStudy({ seed: 7, runs, world: shop, ...more, rollout: { effect, untilMs: 7_200_000, ...more.rollout } })

const harmed = (results: readonly RolloutResult[], share: number): number =>
  quantile(
    results.map((result) => result.harmed),
    share,
  ) ?? Number.NaN
const seconds = (results: readonly RolloutResult[], share: number): number =>
  quantile(
    results.map((result) => result.seconds),
    share,
  ) ?? Number.NaN
const undone = (results: readonly RolloutResult[]): number =>
  results.filter(({ outcome }) => outcome === 'undone').length

describe('harm is found, and few customers meet it', { timeout: 600_000 }, () => {
  test('one checkout in ten fails: always undone, ten customers on the median', () => {
    const results = rollouts(effects.badCheckout, 300)
    expect(undone(results)).toBe(300)
    expect(harmed(results, 0.5)).toBeGreaterThanOrEqual(6)
    expect(harmed(results, 0.5)).toBeLessThanOrEqual(11)
    expect(harmed(results, 0.9)).toBeLessThanOrEqual(20)
    expect(seconds(results, 0.5)).toBeGreaterThanOrEqual(200)
    expect(seconds(results, 0.5)).toBeLessThanOrEqual(380)
  })

  test('every checkout fails: undone within a minute, at most eight customers on the median', () => {
    const results = rollouts(effects.brokenCheckout, 200)
    expect(undone(results)).toBe(200)
    expect(seconds(results, 0.5)).toBeLessThanOrEqual(60)
    expect(harmed(results, 0.5)).toBeLessThanOrEqual(8)
  })

  test('a hang is seen though customers walk away from it and do not come back', () => {
    const results = rollouts(effects.hangs, 100, { world: { ...shop, environment: environments.leaving } })
    expect(undone(results)).toBe(100)
    expect(seconds(results, 0.5)).toBeLessThanOrEqual(70)
    expect(harmed(results, 0.5)).toBeLessThanOrEqual(9)
  })

  test('exposed customers of whom half never arrive are missed', () => {
    const results = rollouts({ lost: 0.5 }, 60)
    expect(results.filter(({ reading }) => reading?.leading === 'sample-ratio').length).toBeGreaterThanOrEqual(54)
  })

  test('harm to the formerly exposed alone is found in most rollouts', () => {
    const results = rollouts({ fails: 0.1, fromStage: 2, onlyFormerly: true }, 60)
    expect(undone(results)).toBeGreaterThan(40)
  })

  test('harm that begins an hour into the half-way stage is found as if it were new', () => {
    const world = { customers: 500, requestsPerSecond: 50 }
    const stageMs = [60_000, 120_000, 1e12]
    const beginsMs = 180_000 + 3_600_000
    const late = rollouts({ ...effects.badCheckout, fromMs: beginsMs }, 40, {
      world,
      rollout: { stageMs, untilMs: 7_200_000 },
    })
    const after = late.filter(({ outcome }) => outcome === 'undone').map((result) => result.seconds - beginsMs / 1_000)
    expect(after.length).toBe(40)
    expect(quantile(after, 0.5)).toBeLessThanOrEqual(420)
  })
})

describe('a harmless change', { timeout: 600_000 }, () => {
  test('reaches 99 % in about ten minutes', () => {
    const results = rollouts(effects.none, 300).filter(({ stageSeconds }) => stageSeconds.length === 3)
    const toLast = results.map(({ stageSeconds }) => stageSeconds[2] ?? Number.NaN)
    expect(results.length).toBeGreaterThanOrEqual(294)
    expect(quantile(toLast, 0.5)).toBeGreaterThanOrEqual(480)
    expect(quantile(toLast, 0.5)).toBeLessThanOrEqual(700)
    expect(quantile(toLast, 0.9)).toBeLessThanOrEqual(1_000)
  })

  test('is judged the same when only a third of the customers is reported', () => {
    const world = { customers: 6_000, requestsPerSecond: 150 }
    const results = rollouts(effects.none, 40, { world, rollout: { sampleRate: 1 / 3, untilMs: 3_600_000 } })
    expect(undone(results)).toBeLessThanOrEqual(2)
    const toLast = results.map(({ stageSeconds }) => stageSeconds[2] ?? Number.NaN)
    expect(quantile(toLast, 0.5)).toBeLessThanOrEqual(750)
  })
})
