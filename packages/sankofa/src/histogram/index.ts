export { bucketOf, maximumBucket, maximumUs, upperEdge } from './buckets.ts'
export { decode, encode } from './codec.ts'
export {
  createHistogram,
  type Histogram,
  type MutableHistogram,
  merge,
  mergeInto,
  quantile,
  record,
  total,
} from './histogram.ts'
/** @internal */
export { readVarints, type VarintReader, writeVarint } from './varint.ts'
