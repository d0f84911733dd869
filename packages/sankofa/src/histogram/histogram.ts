import { bucketOf, upperEdge } from './buckets.ts'

/** How many values fell in each bucket; sparse. */
export type Histogram = ReadonlyMap<number, number>
export type MutableHistogram = Map<number, number>

export const createHistogram = (): MutableHistogram => new Map()

/** Counts one duration, in microseconds. */
export function record(histogram: MutableHistogram, us: number): void {
  const bucket = bucketOf(us)
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1)
}

/** Adds `from` to `into`. */
export function mergeInto(into: MutableHistogram, from: Histogram): void {
  for (const [bucket, n] of from) into.set(bucket, (into.get(bucket) ?? 0) + n)
}

/** The same distribution as if all had been recorded in one. Order and grouping do not matter. */
export function merge(histograms: Iterable<Histogram>): MutableHistogram {
  const merged = createHistogram()
  for (const histogram of histograms) mergeInto(merged, histogram)
  return merged
}

export function total(histogram: Histogram): number {
  let n = 0
  for (const count of histogram.values()) n += count
  return n
}

/**
 * The upper edge of the bucket that holds the quantile: never below the true value, and at most 3.2 % above it.
 *
 * @param q - in (0, 1]; 0.95 is the value that 95 % do not exceed
 * @returns microseconds; `undefined` when the histogram is empty
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  const n = total(histogram)
  if (n === 0) return undefined
  const rank = Math.min(n, Math.max(1, Math.ceil(q * n)))
  let below = 0
  for (const [bucket, count] of [...histogram].sort(([a], [b]) => a - b)) {
    below += count
    if (below >= rank) return upperEdge(bucket)
  }
  return undefined
}
