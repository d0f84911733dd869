import { SankofaError } from '../core/index.ts'
import { maximumBucket } from './buckets.ts'
import { createHistogram, type Histogram, type MutableHistogram } from './histogram.ts'
import { readVarints, writeVarint } from './varint.ts'

/** First byte of every encoding: the layout of the buckets, so that another layout can be told from this one. */
const layout = 1

/** Sparse: for each used bucket the distance from the one before and the count, as varints. The same distribution gives the same bytes. */
export function encode(histogram: Histogram): Buffer {
  const bytes = [layout]
  let previous = 0
  for (const [bucket, n] of [...histogram].sort(([a], [b]) => a - b)) {
    if (n === 0) continue
    writeVarint(bytes, bucket - previous)
    writeVarint(bytes, n)
    previous = bucket
  }
  return Buffer.from(bytes)
}

/** @throws SankofaError `ENCODING_BROKEN` */
export function decode(encoded: Uint8Array): MutableHistogram {
  const histogram = createHistogram()
  const reader = readVarints(encoded, 'histogram')
  if (reader.next() !== layout)
    throw new SankofaError('ENCODING_BROKEN', { what: 'histogram', offset: 0, length: encoded.length })
  let bucket = 0
  while (!reader.atEnd()) {
    bucket += reader.next()
    if (bucket > maximumBucket)
      throw new SankofaError('ENCODING_BROKEN', { what: 'histogram', offset: 0, length: encoded.length })
    histogram.set(bucket, (histogram.get(bucket) ?? 0) + reader.next())
  }
  return histogram
}
