import { expect, test } from 'vitest'
import { createBeforeAfterJudge, type TouchedWindow } from './before-after.ts'
import { createRandom, type Random } from './simulate/index.ts'

const before = { touched: { n: 90_000, errors: 900 }, untouched: { n: 90_000, errors: 900 } }
const plan = { before, alpha: 0.01, minimumMs: 300_000 }

function* windows(
  random: Random,
  touchedShare: number,
  untouchedShare: number,
  count: number,
): Generator<TouchedWindow> {
  for (let i = 0; i < count; i++) {
    yield {
      startMs: i * 10_000,
      touched: { n: 250, errors: random.poisson(250 * touchedShare) },
      untouched: { n: 250, errors: random.poisson(250 * untouchedShare) },
    }
  }
}

/** Seconds until the first window with this verdict. */
function secondsTo(verdict: string, of: Iterable<TouchedWindow>): number | undefined {
  const judge = createBeforeAfterJudge(plan)
  for (const window of of) if (judge.window(window).verdict === verdict) return window.startMs / 1_000 + 10
  return undefined
}

test('a change that does nothing is undone in at most 1 % of rollouts, with errors at the tolerance and few before', () => {
  const random = createRandom(1)
  const runs = 400
  let alarms = 0
  for (let run = 0; run < runs; run++) {
    const none = { n: 0, errors: 0 }
    const few = { touched: { n: 2_000, errors: random.poisson(20) }, untouched: none }
    const judge = createBeforeAfterJudge({ ...plan, before: few })
    for (const window of windows(random, 0.015, 0, 360)) {
      if (judge.window({ ...window, untouched: none }).verdict !== 'undo') continue
      alarms++
      break
    }
  }
  expect(alarms).toBeLessThanOrEqual(4)
})

test('nor do touched routes that always failed more often accuse the change', () => {
  const random = createRandom(8)
  const always = { touched: { n: 90_000, errors: 1_800 }, untouched: { n: 90_000, errors: 900 } }
  let alarms = 0
  for (let run = 0; run < 200; run++) {
    const judge = createBeforeAfterJudge({ ...plan, before: always })
    for (const window of windows(random, 0.02, 0.01, 120)) {
      if (judge.window(window).verdict !== 'undo') continue
      alarms++
      break
    }
  }
  expect(alarms).toBeLessThanOrEqual(2)
})

test('errors that treble on touched routes are found in two minutes, or in five', () => {
  const random = createRandom(2)
  const seconds = Array.from({ length: 50 }, () => secondsTo('undo', windows(random, 0.03, 0.01, 60)) ?? 1_000)
  expect(seconds.filter((s) => s <= 120).length).toBeGreaterThan(25)
  expect(Math.max(...seconds)).toBeLessThanOrEqual(300)
})

test('harm that meets every route is found against before, though nothing is left to compare with', () => {
  const reading = { leading: '' }
  const judge = createBeforeAfterJudge(plan)
  for (const window of windows(createRandom(3), 0.05, 0.05, 30)) reading.leading = judge.window(window).leading
  expect(reading.leading).toBe('after against before')
})

test('a harmless change is let go on after the time it is watched', () => {
  expect(secondsTo('promote', windows(createRandom(4), 0.01, 0.01, 60))).toBe(300)
})

test('says what it assumes, and a window that was read before changes nothing', () => {
  const judge = createBeforeAfterJudge(plan)
  const [window] = windows(createRandom(5), 0.02, 0.01, 1)
  if (window === undefined) throw new Error('no window')
  const first = judge.window(window)
  expect(judge.window(window)).toEqual(first)
  expect(first.assumption).toMatch(
    /^There is no control\. Assumed: .*\(1\.00 % before\) would not grow to more than 1\.5 times/,
  )
})

test('with nothing measured before, nothing is concluded', () => {
  const none = { n: 0, errors: 0 }
  const judge = createBeforeAfterJudge({ ...plan, before: { touched: none, untouched: none } })
  for (const window of windows(createRandom(6), 0.5, 0.01, 60)) expect(judge.window(window).verdict).toBe('continue')
})
