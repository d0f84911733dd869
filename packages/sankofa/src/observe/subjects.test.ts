import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFirstFailures } from './first-failures.ts'
import { decodeSubjects, encodeSubjects } from './subject-codec.ts'
import { createSubjectSketch, estimateSubjects } from './subject-sketch.ts'

const key = (index: number): string => createHash('sha256').update(String(index)).digest('hex').slice(0, 16)

const subjects = fc.uniqueArray(
  fc.record({
    subject: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((hash) => hash.toString(16).padStart(16, '0')),
    exposed: fc.boolean(),
    fresh: fc.boolean(),
    failed: fc.nat(2 ** 30 - 1),
  }),
  { selector: (each) => each.subject },
)

describe('codec of subjects', () => {
  test('returns what went in, sorted; the same set gives the same bytes', () => {
    fc.assert(
      fc.property(subjects, (list) => {
        const encoded = encodeSubjects(list)

        expect(decodeSubjects(encoded)).toEqual(list.toSorted((a, b) => (a.subject < b.subject ? -1 : 1)))
        expect(encodeSubjects(list.toReversed()).equals(encoded)).toBe(true)
      }),
    )
  })

  test('refuses bytes that end too early or are of another layout', () => {
    const encoded = encodeSubjects([{ subject: key(1), exposed: true, fresh: false, failed: 300 }])

    expect(() => decodeSubjects(encoded.subarray(0, 5))).toThrow(/cannot be read/)
    expect(() => decodeSubjects(Buffer.from([9]))).toThrow(/cannot be read/)
  })
})

describe('sketch of subjects', () => {
  const sketchOf = (from: number, to: number): Buffer => {
    const sketch = createSubjectSketch()
    for (let index = from; index < to; index += 1) {
      sketch.add(key(index))
      sketch.add(key(index))
    }
    return sketch.encode()
  }

  test('counts exactly while there are few', () => {
    expect(estimateSubjects([sketchOf(0, 60), sketchOf(30, 100), Buffer.alloc(0)])).toBe(100)
  })

  test('stays within a third of the truth, over windows and processes that share subjects', () => {
    for (const n of [500, 2_000, 20_000]) {
      const estimate = estimateSubjects([sketchOf(0, Math.floor(n * 0.7)), sketchOf(Math.floor(n * 0.3), n)])

      expect(Math.abs(estimate - n) / n).toBeLessThan(0.33)
    }
  })
})

test('a failure is the first of its session once, and again after half an hour of peace', () => {
  const { isFirst } = createFirstFailures()

  expect([0, 1, 1_700_000, 3_400_000, 5_300_000].map((atMs) => isFirst('ama', atMs))).toEqual([
    true,
    false,
    false,
    false,
    true,
  ])
  expect(isFirst('esi', 0)).toBe(true)
})
