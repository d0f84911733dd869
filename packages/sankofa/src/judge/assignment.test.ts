import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unitInterval } from './assignment.ts'

const subjects = Array.from({ length: 20_000 }, (_, i) => i.toString(16).padStart(16, '0'))

test('the same salt and subject stand at the same place, below 1', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (salt, subject) => {
      const place = unitInterval(salt, subject)
      expect(unitInterval(salt, subject)).toBe(place)
      expect(place).toBeGreaterThanOrEqual(0)
      expect(place).toBeLessThan(1)
    }),
  )
})

test('places are spread evenly', () => {
  const tenths = new Array<number>(10).fill(0)
  for (const subject of subjects) {
    const tenth = Math.floor(unitInterval('salt', subject) * 10)
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }

  const chiSquare = tenths.reduce((sum, n) => sum + (n - 2_000) ** 2 / 2_000, 0)
  // 27.9 is exceeded once in a thousand with 9 degrees of freedom; the hash is fixed, so this is no gamble.
  expect(chiSquare).toBeLessThan(27.9)
})

test('another salt draws independently: who is hurt in one rollout is not hurt first in the next', () => {
  const drawn = (salt: string): readonly boolean[] => subjects.map((subject) => unitInterval(salt, subject) < 0.1)
  const second = drawn('second')
  const both = drawn('first').filter((exposed, i) => exposed && second[i]).length

  // 200 expected, standard deviation 14.
  expect(both).toBeGreaterThan(150)
  expect(both).toBeLessThan(250)
})
