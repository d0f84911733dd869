import fc from 'fast-check'
import { expect, test } from 'vitest'
import { observedRecovery, type Step } from './recovery.ts'

const stepMs = 10_000
const normalForMs = 180_000
const look = (everyone: readonly Step[], toS: number, harmed: readonly Step[] = []) =>
  observedRecovery(everyone, harmed, { fromMs: 0, toMs: toS * 1_000, stepMs, normalForMs, baseline: 0.02 })
const steps = (fromS: number, toS: number, n: number, bad: number): Step[] =>
  Array.from({ length: (toS - fromS) / 10 }, (_, k) => ({ startMs: (fromS + 10 * k) * 1_000, n, bad }))

test('normal from the beginning on and for long enough is normal since the beginning', () => {
  expect(look(steps(0, 180, 5, 0), 180)).toEqual({ is: 'normal', sinceMs: 0 })
})

test('a bad beginning moves the time from which it is normal', () => {
  expect(look([...steps(0, 60, 5, 5), ...steps(60, 240, 5, 0)], 240)).toEqual({ is: 'normal', sinceMs: 60_000 })
})

test('normal for less than asked is settling', () => {
  expect(look([...steps(0, 60, 5, 5), ...steps(60, 200, 5, 0)], 200)).toEqual({ is: 'settling' })
})

test('as many failures as before the change are normal, more are not', () => {
  const usual = { fromMs: 0, toMs: 180_000, stepMs, normalForMs, baseline: 0.2 }
  expect(observedRecovery(steps(0, 180, 10, 2), [], usual)).toEqual({ is: 'normal', sinceMs: 0 })
  expect(observedRecovery(steps(0, 180, 10, 5), [], usual)).toEqual({ is: 'not-normal' })
})

test('without people nothing is known', () => {
  expect(look([], 600)).toEqual({ is: 'not-known' })
  expect(look(steps(0, 20, 1, 0), 600)).toEqual({ is: 'not-known' })
})

test('when all is well for everyone but those who were harmed still fail, it is not normal', () => {
  expect(look(steps(0, 300, 50, 0), 300, steps(0, 300, 1, 1))).toEqual({ is: 'not-normal' })
})

test('what went bad again is not normal', () => {
  expect(look([...steps(0, 300, 5, 0), ...steps(300, 400, 5, 4)], 400)).toEqual({ is: 'not-normal' })
})

test('normal is said only where at least five tried and almost all succeeded in the last minutes', () => {
  const anyStep = fc.record({ n: fc.nat({ max: 6 }), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  let seenNormal = 0
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 18, maxLength: 60 }), (all) => {
      const everyone = all.map(({ n, part }, k) => ({ startMs: k * stepMs, n, bad: part > 0.8 ? n : 0 }))
      const answer = look(everyone, all.length * 10)
      if (answer.is !== 'normal') return
      seenNormal += 1
      const last = everyone.slice(-18)
      const n = last.reduce((sum, step) => sum + step.n, 0)
      const bad = last.reduce((sum, step) => sum + step.bad, 0)
      expect(n).toBeGreaterThanOrEqual(5)
      expect(bad / n).toBeLessThan(0.45)
    }),
    { numRuns: 3_000, seed: 7 },
  )
  expect(seenNormal).toBeGreaterThan(10)
})
