import { expect, test } from 'vitest'
import type { Step } from './measured.ts'
import { fourSignals, type Stretch } from './signals.ts'

const usual: Step = {
  reportedS: 300,
  requests: 15_000,
  failures: 75,
  p50Ms: 20,
  p95Ms: 100,
  begun: 1_000,
  completed: 990,
  paid: 500_000n,
}
const silent: Step = {
  reportedS: 0,
  requests: 0,
  failures: 0,
  p50Ms: null,
  p95Ms: null,
  begun: 0,
  completed: 0,
  paid: 0n,
}
const stretch = (now: Partial<Step>, before: readonly Step[] = Array.from({ length: 12 }, () => usual)): Stretch => ({
  now: { ...usual, ...now },
  before,
  attempt: 'checkout',
  currency: 'NGN',
})
const states = (given: Stretch): Record<string, string> =>
  Object.fromEntries(fourSignals(given).map((signal) => [signal.name, signal.state]))

test('what is as usual is normal, and each signal crosses its own limit alone', () => {
  const normal = { failed: 'normal', slow: 'normal', completed: 'normal', value: 'normal' }
  expect(states(stretch({}))).toEqual(normal)
  expect(states(stretch({ failures: 300 }))).toEqual({ ...normal, failed: 'beyond' })
  expect(states(stretch({ p95Ms: 151 }))).toEqual({ ...normal, slow: 'beyond' })
  expect(states(stretch({ completed: 950 }))).toEqual({ ...normal, completed: 'beyond' })
  expect(states(stretch({ paid: 240_000n }))).toEqual({ ...normal, value: 'beyond' })
})

test('just inside the limit is still normal', () => {
  expect(states(stretch({ failures: 224, p95Ms: 149, completed: 961, paid: 260_000n }))).toEqual({
    failed: 'normal',
    slow: 'normal',
    completed: 'normal',
    value: 'normal',
  })
})

test('one bad five minutes in the hour before does not move what is usual', () => {
  const before = [...Array.from({ length: 11 }, () => usual), { ...usual, failures: 9_000, p95Ms: 5_000, completed: 0 }]
  expect(fourSignals(stretch({}, before)).map((signal) => signal.usual)).toEqual([0.005, 100, 0.99, 100_000])
})

test('nothing measured is not known, never normal', () => {
  expect(states(stretch(silent))).toEqual({
    failed: 'unknown',
    slow: 'unknown',
    completed: 'unknown',
    value: 'unknown',
  })
})

test('before anything is known to be usual, a service that mostly fails is still beyond a limit', () => {
  expect(states(stretch({ failures: 7_500, completed: 100 }, []))).toEqual({
    failed: 'beyond',
    slow: 'learning',
    completed: 'beyond',
    value: 'learning',
  })
})

test('a handful of requests is too little to raise an alarm', () => {
  expect(states(stretch({ requests: 8, failures: 4, begun: 3, completed: 0, paid: 500_000n }))).toMatchObject({
    failed: 'normal',
    completed: 'normal',
  })
})
