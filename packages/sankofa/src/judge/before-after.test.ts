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

const watchesAfter = (of: typeof before, touched: number, untouched: number, count: number, n = 250) => {
  const judge = createBeforeAfterJudge({ ...plan, before: of })
  const last = { verdict: '', sees: {} as Record<string, boolean | undefined>, objects: [] as string[] }
  for (let i = 0; i < count && last.verdict !== 'undo'; i++) {
    const reading = judge.window({
      startMs: i * 10_000,
      touched: { n, errors: Math.round(n * touched) },
      untouched: { n, errors: Math.round(n * untouched) },
    })
    last.verdict = reading.verdict
    last.sees = Object.fromEntries(reading.guards.map(({ guard, couldSee }) => [guard, couldSee]))
    last.objects = reading.guards.flatMap(({ guard, logEvidence }) => (logEvidence <= 0 ? [guard] : []))
  }
  return last
}

test('a watch on routes that never failed says that it could not have seen a harm', () => {
  const none = { touched: { n: 9_000, errors: 90 }, untouched: { n: 9_000, errors: 0 } }
  expect(watchesAfter(none, 0.9, 0, 60)).toEqual({
    verdict: 'undo',
    sees: { 'after against before': true, 'touched against untouched': false },
    objects: ['touched against untouched'],
  })
})

test('one that would have seen it, and does not, says that it could: the harm is everywhere', () => {
  expect(watchesAfter(before, 0.08, 0.08, 60)).toEqual({
    verdict: 'undo',
    sees: { 'after against before': true, 'touched against untouched': true },
    objects: ['touched against untouched'],
  })
})

test('a watch that knows hardly anything of before could not have seen it; one that knows more could', () => {
  const few = { touched: { n: 20, errors: 1 }, untouched: { n: 90_000, errors: 9_000 } }
  const many = { touched: { n: 90_000, errors: 4_500 }, untouched: { n: 90_000, errors: 9_000 } }

  // Touched routes fail as they did, and the others have become better: the odds have grown eleven times.
  expect(watchesAfter({ ...few, touched: { n: 90_000, errors: 4_500 } }, 0.05, 0.005, 200).sees).toMatchObject({
    'after against before': true,
  })
  expect(watchesAfter(few, 0.3, 0.1, 3).sees).toMatchObject({ 'after against before': false })
  expect(watchesAfter(many, 0.05, 0.005, 200).objects).toEqual(['after against before'])
})

test('of harm that both can see both say so, at any traffic at which one of them undoes', () => {
  for (const n of [5, 50, 500]) {
    const { verdict, objects } = watchesAfter(before, 0.2, 0.01, 200, n)
    expect({ n, verdict, objects }).toEqual({ n, verdict: 'undo', objects: [] })
  }
})
