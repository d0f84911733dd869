import { expect, test } from 'vitest'
import { silence } from './silence.ts'
import { createWorld } from './simulate/index.ts'

const alive = { service: 'market', ageMs: 9_000, stopped: false }

test('processes that report and requests that come are not silence', () => {
  expect(silence({ processes: [alive], requests: 6_000, expected: 6_000 })).toBeUndefined()
})

test('a process that has not reported for two minutes is named', () => {
  const silent = { ...alive, service: 'worker', ageMs: 121_000 }
  expect(silence({ processes: [alive, silent], requests: 6_000, expected: 6_000 })).toBe(
    'A process of worker has not reported for 121 s.',
  )
})

test('a process that stopped in good order is not missed', () => {
  const stopped = { ...alive, ageMs: 500_000, stopped: true }
  expect(silence({ processes: [alive, stopped], requests: 6_000, expected: 6_000 })).toBeUndefined()
})

test('nobody reporting is silence', () => {
  expect(silence({ processes: [], requests: 0, expected: 0 })).toBe('No process reports.')
})

test('no request where many were expected is silence; where few were expected it is not', () => {
  expect(silence({ processes: [alive], requests: 0, expected: 600 })).toMatch(
    /No request came in for 2 min, where about 600/,
  )
  expect(silence({ processes: [alive], requests: 0, expected: 24 })).toBeUndefined()
})

test('a quiet shop is not paused for being quiet', () => {
  const world = createWorld({ seed: 3, customers: 500, requestsPerSecond: 1.25 })
  const requests = Array.from(
    { length: 24 * 360 },
    (_, i) => world.window({ startMs: i * 10_000, exposures: [] }).requests,
  )
  const pauses = requests.filter((_, i) => {
    const recent = requests.slice(Math.max(i - 11, 0), i + 1).reduce((sum, n) => sum + n, 0)
    return i >= 12 && silence({ processes: [alive], requests: recent, expected: 150 }) !== undefined
  })
  expect(pauses).toHaveLength(0)
})
