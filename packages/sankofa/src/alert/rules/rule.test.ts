import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clearTimeMs, newRuleState, type Rule, type RuleState, type RuleStep, stepRule } from './rule.ts'

const rule: Rule = {
  name: 'errors',
  title: 'Requests fail',
  worse: 'above',
  enter: 0.05,
  exit: 0.02,
  forMs: 60_000,
  clearMs: 180_000,
  missingMs: 60_000,
  unit: 'share',
  advice: 'Look.',
}

const everyMs = 10_000

/** Feeds one sample every 10 s. */
function run(samples: readonly (number | undefined)[], of: Rule = rule): readonly RuleStep[] {
  let state: RuleState = newRuleState(0)
  return samples.map((sample, n) => {
    const step = stepRule(of, state, sample, n * everyMs)
    state = step.state
    return step
  })
}
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value)
const told = (steps: readonly RuleStep[]): readonly string[] => steps.flatMap((step) => step.tell ?? [])

test('a condition is told once after its duration, and once when it has been over for its clear time', () => {
  const steps = run([...times(5, 0.01), ...times(30, 0.2), ...times(30, 0.01)])

  expect(steps.findIndex((step) => step.tell === 'began')).toBe(5 + 6)
  expect(steps.findIndex((step) => step.tell === 'over')).toBe(35 + 18)
  expect(told(steps)).toEqual(['began', 'over'])
})

test('a peak that is shorter than the duration is told to nobody', () => {
  expect(told(run([...times(6, 0.5), ...times(60, 0.01)]))).toEqual([])
})

test('between the two levels nothing begins and nothing is over', () => {
  expect(told(run(times(100, 0.03)))).toEqual([])
  expect(told(run([...times(20, 0.2), ...times(100, 0.03)]))).toEqual(['began'])
})

test('a rule on what must not fall works the other way round', () => {
  const disk: Rule = { ...rule, worse: 'below', enter: 0.1, exit: 0.12 }

  expect(told(run([...times(20, 0.05), ...times(20, 0.11), ...times(20, 0.5)], disk))).toEqual(['began', 'over'])
  expect(told(run(times(50, 0.5), disk))).toEqual([])
})

test('missing data is unknown, and never over', () => {
  const steps = run([...times(20, 0.2), ...times(500, undefined)])

  expect(told(steps)).toEqual(['began'])
  expect(steps.at(-1)?.state).toMatchObject({ state: 'unknown', open: true })
})

test('data that come back good after a gap must be good for the whole clear time', () => {
  const steps = run([...times(20, 0.2), ...times(10, 0.01), ...times(60, undefined), ...times(40, 0.01)])

  expect(steps.findIndex((step) => step.tell === 'over')).toBe(20 + 10 + 60 + 18)
})

test('data that come back bad after a gap are not told a second time', () => {
  expect(told(run([...times(20, 0.2), ...times(60, undefined), ...times(20, 0.2)]))).toEqual(['began'])
})

test('a short hole in a quiet time makes the quiet time begin again', () => {
  const steps = run([...times(20, 0.2), ...times(10, 0.01), undefined, ...times(40, 0.01)])

  expect(steps.findIndex((step) => step.tell === 'over')).toBe(20 + 10 + 18)
})

test('two bad samples with a gap between them are not a duration', () => {
  expect(told(run([0.01, 0.2, ...times(30, undefined), 0.2, 0.01]))).toEqual([])
})

test('without any sample ever, nothing is known and nothing is told', () => {
  const steps = run(times(100, undefined))

  expect(told(steps)).toEqual([])
  expect(steps.at(-1)?.state.state).toBe('unknown')
})

test('a state that went through JSON goes on as if there had been no restart', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.double({ min: 0, max: 0.1, noNaN: true }), { nil: undefined }), { maxLength: 200 }),
      (samples) => {
        let state = newRuleState(0)
        const restarted = samples.map((sample, n) => {
          const step = stepRule(rule, { ...newRuleState(0), ...JSON.parse(JSON.stringify(state)) }, sample, n * everyMs)
          state = step.state
          return step.tell
        })
        expect(restarted).toEqual(run(samples).map((step) => step.tell))
      },
    ),
  )
})

test('a signal that crosses its levels any number of times in the clear time sends at most two messages', () => {
  const sample = fc.oneof(fc.constant(0.2), fc.constant(0.001), fc.constant(0.03), fc.constant(undefined))
  const eager = { ...rule, forMs: 0 }
  let mostCrossings = 0

  fc.assert(
    fc.property(fc.array(sample, { minLength: 18, maxLength: 18 }), (flapping) => {
      const steps = run([...times(10, 0.001), ...flapping, ...times(60, 0.001)], eager)
      mostCrossings = Math.max(mostCrossings, crossings(flapping))
      expect(told(steps).length).toBeLessThanOrEqual(2)
    }),
    { numRuns: 2_000 },
  )
  expect(mostCrossings).toBeGreaterThan(8)
})

test('messages always alternate, whatever the signal does', () => {
  const sample = fc.oneof(fc.double({ min: 0, max: 0.1, noNaN: true }), fc.constant(undefined))
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 600, size: 'max' }), (samples) => {
      told(run(samples, { ...rule, forMs: 0, clearMs: 20_000 })).forEach((tell, n) => {
        expect(tell).toBe(n % 2 === 0 ? 'began' : 'over')
      })
    }),
  )
})

test('a condition that keeps coming back must be quiet for longer each time, up to an hour', () => {
  const cycle = [...times(6, 0.2), ...times(20, 0.001)]
  const day = Array.from({ length: 330 }, () => cycle).flat()

  const messages = told(run(day, { ...rule, forMs: 0 })).length

  expect(messages).toBeLessThan(12)
  expect(clearTimeMs(rule, 100)).toBe(60 * 60_000)
})

const crossings = (samples: readonly (number | undefined)[]): number =>
  samples.filter((value, n) => value !== undefined && n > 0 && value !== samples[n - 1]).length
