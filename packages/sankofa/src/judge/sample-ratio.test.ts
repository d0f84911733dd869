import { expect, test } from 'vitest'
import { addNewcomers, emptySampleRatio } from './sample-ratio.ts'
import { createRandom } from './simulate/index.ts'

test('arms that arrive as drawn give no evidence, in any order', () => {
  const state = emptySampleRatio()
  for (let i = 0; i < 100; i++) addNewcomers(state, i % 2, 9 + (1 - (i % 2)), 0.05)
  expect(state).toMatchObject({ exposed: 50, control: 950 })
  expect(state.logEvidence).toBeLessThan(0)
})

test('exposed subjects who never arrive are missed', () => {
  const state = emptySampleRatio()
  addNewcomers(state, 0, 400, 0.05)
  expect(state.logEvidence).toBeGreaterThan(Math.log(100))
})

test('the evidence expects 1 for arms split as drawn', () => {
  const random = createRandom(7)
  let sum = 0
  const runs = 20_000
  for (let run = 0; run < runs; run++) {
    const state = emptySampleRatio()
    for (let i = 0; i < 30; i++) {
      const exposed = random.uniform() < 0.3 ? 1 : 0
      addNewcomers(state, exposed, 1 - exposed, 0.3)
    }
    sum += Math.exp(state.logEvidence)
  }
  expect(sum / runs).toBeGreaterThan(0.9)
  expect(sum / runs).toBeLessThan(1.1)
})
