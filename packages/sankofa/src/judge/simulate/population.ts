import type { Environment } from './environment.ts'
import type { Random } from './random.ts'

/** The customers of a world, by number. */
export type Population = {
  /** ln of how much slower than the median this customer is. */
  readonly slowness: Float64Array
  readonly chronic: Uint8Array
  /** Draws a customer; heavy users come more often. */
  pick(): number
}

export function createPopulation(random: Random, customers: number, environment: Environment): Population {
  const slowness = new Float64Array(customers)
  const chronic = new Uint8Array(customers)
  const visits = new Float64Array(customers)
  for (let i = 0; i < customers; i++) {
    slowness[i] = environment.logSd * random.normalOf(random.bits())
    chronic[i] = random.uniform() < environment.chronicShare ? 1 : 0
    visits[i] = Math.exp(environment.visitsLogSd * random.normalOf(random.bits()))
  }
  return { slowness, chronic, pick: createPicker(random, visits) }
}

/** Walker's alias method: one draw, one comparison. */
function createPicker(random: Random, weights: Float64Array): () => number {
  const n = weights.length
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const keep = weights.map((weight) => (weight / total) * n)
  const alias = Int32Array.from({ length: n }, (_, i) => i)
  const small: number[] = []
  const large: number[] = []
  for (const [i, weight] of keep.entries()) (weight < 1 ? small : large).push(i)
  for (let low = small.pop(), high = large.pop(); low !== undefined && high !== undefined; low = small.pop()) {
    alias[low] = high
    keep[high] = (keep[high] ?? 0) + (keep[low] ?? 0) - 1
    if ((keep[high] ?? 0) >= 1) continue
    small.push(high)
    high = large.pop()
  }
  return () => {
    const slot = random.uniform() * n
    const i = Math.floor(slot)
    return slot - i < (keep[i] ?? 1) ? i : (alias[i] ?? i)
  }
}

const names: string[] = []

/** Sixteen hex digits that name customer `i` in every world. */
export function subjectOf(customer: number): string {
  for (let i = names.length; i <= customer; i++)
    names.push(((0x9e3779b97f4a7c15n * BigInt(i + 1)) & 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, '0'))
  return names[customer] ?? ''
}
