import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stageWeights } from './stage-weights.ts'
import { defaultStages } from './stages.ts'

const shares = (requestsPerSecond: number, subjects: number): readonly number[] =>
  defaultStages(requestsPerSecond, subjects).map(({ share }) => share)

test('the shares of the specification', () => {
  expect(shares(50, 2_000)).toEqual([0.02, 0.1, 0.5, 0.99])
  expect(shares(5, 2_000)).toEqual([0.05, 0.2, 0.5, 0.99])
  expect(shares(0.2, 500)).toEqual([0.2, 0.5, 0.99])
  expect(shares(50, 500)).toEqual([0.04, 0.15, 0.5, 0.99])
})

test('shares grow, draw twenty subjects where there are fifty, and only the last is left by time', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 5_000, noNaN: true }), fc.nat(1_000_000), (requestsPerSecond, subjects) => {
      const stages = defaultStages(requestsPerSecond, subjects)
      for (const [i, stage] of stages.entries()) {
        expect(stage.share).toBeGreaterThan(stages[i - 1]?.share ?? 0)
        expect(stage.ruleOutRatio === undefined).toBe(i === stages.length - 1)
      }
      if (subjects >= 50) expect((stages[0]?.share ?? 0) * subjects).toBeGreaterThanOrEqual(19.999)
    }),
  )
})

test('the weights of the stages sum to 1', () => {
  for (let stages = 1; stages <= 8; stages++) {
    expect(stageWeights(stages)).toHaveLength(stages)
    expect(stageWeights(stages).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
  }
})

test('where nobody was counted yet, the first step is the smallest, not the boldest', () => {
  expect(defaultStages(0, 0).map(({ share }) => share)).toEqual([0.02, 0.1, 0.5, 0.99])
})
