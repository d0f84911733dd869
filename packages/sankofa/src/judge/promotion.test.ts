import { describe, expect, test } from 'vitest'
import { logNormalisers } from './fisher.ts'
import { type AtRisk, addClearing, emptyClearing, logClearAt, logClearing } from './promotion.ts'
import { createRandom } from './simulate/index.ts'

const stage = { share: 0.1, ruleOutRatio: 3, ruleOutExcess: 0.02, minimumMs: 0 }
const window = (exposedFailures: number, controlFailures: number): AtRisk => ({
  exposed: 20,
  control: 180,
  exposedFailures,
  controlFailures,
})

test('Fisher’s weights agree with direct sums', () => {
  const choose = (n: number, k: number): number => (k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)
  const direct = (w: number): number =>
    Array.from({ length: 8 }, (_, k) => choose(7, k) * choose(11, 6 - k) * w ** k).reduce((sum, term) => sum + term, 0)
  const [atOne = 0, atThree = 0] = logNormalisers(7, 11, 6, [1, 3])
  expect(atThree - atOne).toBeCloseTo(Math.log(direct(3) / direct(1)), 10)
})

test('Fisher’s weights hold where they overflow a double', () => {
  const [atOne = 0, atTen = 0] = logNormalisers(2_000, 2_000, 1_500, [1, 10])
  expect(atTen - atOne).toBeGreaterThan(1_000)
  expect(atTen - atOne).toBeLessThan(1_500 * Math.log(10))
})

test('a guard that never fails clears by the absolute excess', () => {
  const clearing = emptyClearing()
  for (let i = 0; i < 20; i++) addClearing(clearing, window(0, 0), stage)
  expect(logClearing(clearing)).toBeGreaterThan(logClearAt)
})

test('a guard that control fails as often clears by the ratio', () => {
  const clearing = emptyClearing()
  for (let i = 0; i < 40; i++)
    addClearing(clearing, window(i % 4 === 0 ? 1 : 0, i % 4 === 0 ? 9 : 0), { ...stage, ruleOutExcess: undefined })
  expect(logClearing(clearing)).toBeGreaterThan(logClearAt)
})

test('a guard that the exposed fail three times as often does not clear', () => {
  const clearing = emptyClearing()
  for (let i = 0; i < 200; i++) addClearing(clearing, window(1, 3), stage)
  expect(logClearing(clearing)).toBeLessThan(logClearAt)
})

describe('a change that is exactly as bad as must be ruled out leaves its stage in at most 5 % of rollouts', () => {
  const runs = 400
  const cases = [
    { name: 'ten times the odds, 4 of 200 exposed', exposed: 4, d: 10, excess: 0.05, base: 0.024, harmed: 0.1974 },
    { name: 'three times the odds, 20 of 200 exposed', exposed: 20, d: 3, excess: 0.02, base: 0.024, harmed: 0.0687 },
    { name: 'twice the odds, half exposed', exposed: 100, d: 2, excess: 0.005, base: 0.024, harmed: 0.0469 },
    { name: 'the excess alone, where control never fails', exposed: 4, d: 10, excess: 0.05, base: 0, harmed: 0.05 },
  ]
  test.each(cases)('$name', ({ exposed, d, excess, base, harmed }) => {
    const random = createRandom(9)
    const draw = (n: number, share: number): number => {
      let failures = 0
      for (let i = 0; i < n; i++) if (random.uniform() < share) failures++
      return failures
    }
    const stage = { share: exposed / 200, ruleOutRatio: d, ruleOutExcess: excess, minimumMs: 0 }
    let wrong = 0
    for (let run = 0; run < runs; run++) {
      const clearing = emptyClearing()
      let clear = false
      for (let i = 0; i < 150 && !clear; i++) {
        const control = 200 - exposed
        addClearing(
          clearing,
          { exposed, control, exposedFailures: draw(exposed, harmed), controlFailures: draw(control, base) },
          stage,
        )
        clear = logClearing(clearing) >= logClearAt
      }
      if (clear) wrong++
    }
    expect(wrong).toBeLessThanOrEqual(20)
  })
})
