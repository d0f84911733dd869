/**
 * Log-linear buckets over whole microseconds: 32 an octave, so a bucket is at most 1/32 = 3.1 % wide. Below 64 µs every
 * microsecond has its own. The bounds are fixed: two histograms merge without loss, whatever made them.
 */
const perOctaveBits = 5
const perOctave = 1 << perOctaveBits

/** About 71 minutes; what takes longer is counted here. */
export const maximumUs = 2 ** 32 - 1

/** @param us - microseconds; rounded down, and held inside [0, {@link maximumUs}] */
export function bucketOf(us: number): number {
  if (!(us >= 1)) return 0
  const value = us >= maximumUs ? maximumUs : Math.floor(us)
  if (value < perOctave) return value
  const shift = 31 - Math.clz32(value) - perOctaveBits
  return shift * perOctave + (value >>> shift)
}

/** The largest value, in microseconds, that falls in `bucket`: slower than it = in a higher bucket. */
export function upperEdge(bucket: number): number {
  if (bucket < 2 * perOctave) return bucket
  const shift = (bucket >>> perOctaveBits) - 1
  return (perOctave + (bucket & (perOctave - 1)) + 1) * 2 ** shift - 1
}

export const maximumBucket: number = bucketOf(maximumUs)
