import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketOf, maximumBucket, maximumUs, upperEdge } from './buckets.ts'
import { decode, encode } from './codec.ts'
import { createHistogram, merge, quantile, record, total } from './histogram.ts'

const durationsUs = fc.array(fc.oneof(fc.nat(200), fc.nat(20_000_000), fc.nat(maximumUs)), { maxLength: 300 })
const histogramOf = (durations: readonly number[]) => {
  const histogram = createHistogram()
  for (const us of durations) record(histogram, us)
  return histogram
}
const sorted = (histogram: ReadonlyMap<number, number>) => [...histogram].sort(([a], [b]) => a - b)

describe('buckets', () => {
  test('hold every value between their edges, without gap or overlap', () => {
    for (let bucket = 0; bucket <= maximumBucket; bucket += 1) {
      expect(bucketOf(upperEdge(bucket))).toBe(bucket)
      if (bucket < maximumBucket) expect(bucketOf(upperEdge(bucket) + 1)).toBe(bucket + 1)
    }
    expect(upperEdge(maximumBucket)).toBe(maximumUs)
  })

  test('are 32 an octave', () => {
    for (const octave of [64, 1_024, 1_048_576]) expect(bucketOf(2 * octave) - bucketOf(octave)).toBe(32)
  })

  test('keep what is below zero, not a number or too long', () => {
    expect([-5, Number.NaN, 0.4].map(bucketOf)).toEqual([0, 0, 0])
    expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(maximumBucket)
  })
})

describe('quantile', () => {
  test('is never below the true value and at most 3.2 % above it', () => {
    fc.assert(
      fc.property(durationsUs, fc.double({ min: 0.001, max: 1, noNaN: true }), (durations, q) => {
        fc.pre(durations.length > 0)
        const truth = [...durations].sort((a, b) => a - b)[Math.ceil(q * durations.length) - 1] ?? 0

        const found = quantile(histogramOf(durations), q) ?? -1

        expect(found).toBeGreaterThanOrEqual(truth)
        expect(found).toBeLessThanOrEqual(truth * (1 + 1 / 32) + 1e-9)
      }),
    )
  })

  test('of nothing is unknown', () => {
    expect(quantile(createHistogram(), 0.5)).toBeUndefined()
  })
})

describe('merge', () => {
  test('gives the same in any order and grouping, and keeps every count', () => {
    fc.assert(
      fc.property(durationsUs, durationsUs, durationsUs, (a, b, c) => {
        const [x, y, z] = [histogramOf(a), histogramOf(b), histogramOf(c)]

        const once = merge([x, y, z])

        expect(sorted(merge([merge([z, x]), y]))).toEqual(sorted(once))
        expect(sorted(merge([x, merge([y, z])]))).toEqual(sorted(once))
        expect(sorted(once)).toEqual(sorted(histogramOf([...a, ...b, ...c])))
        expect(total(once)).toBe(a.length + b.length + c.length)
      }),
    )
  })
})

describe('codec', () => {
  test('returns what went in, and the same distribution gives the same bytes', () => {
    fc.assert(
      fc.property(durationsUs, (durations) => {
        const encoded = encode(histogramOf(durations))

        expect(sorted(decode(encoded))).toEqual(sorted(histogramOf(durations)))
        expect(encode(histogramOf([...durations].reverse())).equals(encoded)).toBe(true)
      }),
    )
  })

  test('keeps counts beyond 32 bits', () => {
    const huge = new Map([[3, 2 ** 45 + 7]])

    expect(decode(encode(huge))).toEqual(huge)
  })

  test('refuses bytes that end too early, name no bucket or are of another layout', () => {
    const encoded = encode(histogramOf([5, 500, 50_000]))

    expect(() => decode(encoded.subarray(0, encoded.length - 1))).toThrow(/cannot be read/)
    expect(() => decode(Buffer.from([1, 0xff, 0x7f, 1]))).toThrow(/cannot be read/)
    expect(() => decode(Buffer.from([2, ...encoded.subarray(1)]))).toThrow(/cannot be read/)
    expect(() => decode(Buffer.alloc(0))).toThrow(/cannot be read/)
  })

  test('takes about 350 bytes for a thousand requests', () => {
    const durations = Array.from({ length: 1_000 }, (_, index) => 2_000 * Math.exp(2.5 * Math.sin(index)))

    expect(encode(histogramOf(durations)).length).toBeLessThan(600)
  })
})
