import { expect, test } from 'vitest'
import { forecast } from './forecast.ts'
import { createWorld, planFor } from './simulate/index.ts'

const forecastAt = (requestsPerSecond: number, customers: number) => {
  const baseline = createWorld({ seed: 1, customers, requestsPerSecond }).baseline()
  return forecast({ baseline, plan: planFor(baseline) })
}

test('more traffic shows smaller harm sooner', () => {
  const [busy, quiet] = [forecastAt(50, 2_000), forecastAt(5, 2_000)]
  const total = (of: typeof busy): number => of.stages.slice(0, 3).reduce((sum, stage) => sum + stage.expectedMs, 0)
  expect(total(busy)).toBeLessThan(total(quiet) / 3)
  // Simulated: 10 and 62 min.
  expect(total(busy) / 60_000).toBeGreaterThan(5)
  expect(total(busy) / 60_000).toBeLessThan(20)
})

test('no stage is expected to be shorter than it is kept', () => {
  const { stages } = forecastAt(5_000, 1_000_000)
  expect(stages.map(({ expectedMs }) => expectedMs)).toEqual([60_000, 120_000, 120_000, 300_000])
})

test('says in words what will be seen', () => {
  const { sentence, cannotSee } = forecastAt(50, 2_000)
  expect(sentence).toMatch(
    /^At 50 requests a second and [\d,]+ customers an hour, about 40 see the change first; a change that breaks things is noticed when about \d of them were hurt, one that makes errors grow in \d+ (?:s|min) from \d\.\d-fold; a harmless change reaches 99 % in about \d+ min\.$/,
  )
  expect(cannotSee).toContain(
    'Harm that meets everyone alike, such as a slower shared database, looks the same in both arms.',
  )
})

test('a shop without traffic is told that nothing will be seen, in finite numbers', () => {
  const { stages } = forecastAt(50, 2_000)
  const traffic = { requestsPerSecond: 0, subjectsPerWindow: 0, subjects: 0, firstFailuresPerSecond: 0 }
  const plan = planFor(createWorld({ seed: 1, customers: 10, requestsPerSecond: 0.01 }).baseline())
  const nothing = forecast({ baseline: traffic, plan })
  expect(
    nothing.stages.every(({ expectedMs, smallestRatio }) => Number.isFinite(expectedMs) && smallestRatio === undefined),
  ).toBe(true)
  expect(nothing.cannotSee[0]).toMatch(/a person must look/)
  expect(JSON.parse(JSON.stringify(stages))).toEqual(stages)
})

test('where failures are unknown, a change that breaks things is still noticed after a few customers', () => {
  const baseline = {
    ...createWorld({ seed: 1, customers: 2_000, requestsPerSecond: 50 }).baseline(),
    firstFailuresPerSecond: 0,
  }

  const { stages, sentence, cannotSee } = forecast({ baseline, plan: planFor(baseline) })

  // Simulated and on the running shop: 4 to 7 customers are hurt before a broken checkout is back.
  expect(stages[0]?.harmedUntilSeen).toBeGreaterThanOrEqual(2)
  expect(stages[0]?.harmedUntilSeen).toBeLessThanOrEqual(7)
  expect(stages[0]?.smallestRatio).toBeUndefined()
  expect(sentence).toContain('a change that breaks things is noticed')
  expect(cannotSee.join(' ')).not.toContain('a person must look')
})
