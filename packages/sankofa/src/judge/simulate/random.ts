/** Deterministic chance: the same seed gives the same world. */
export type Random = {
  /** 32 random bits. */
  bits(): number
  /** In [0, 1). */
  uniform(): number
  /** Mean 1. */
  exponential(): number
  poisson(mean: number): number
  /** Standard normal, from the upper 12 of 32 random bits that the caller drew. */
  normalOf(bits: number): number
}

/** sfc32 (PractRand's small fast counter), seeded through splitmix32. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) | 0
  }
  let [a, b, c, counter] = [next(), next(), next(), 1]
  const bits = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum
  }
  for (let i = 0; i < 12; i++) bits()
  const uniform = (): number => (bits() >>> 0) / 2 ** 32
  return {
    bits,
    uniform,
    exponential: () => -Math.log1p(-uniform()),
    poisson: (mean) => poisson(mean, uniform),
    normalOf: (drawn) => normals[drawn >>> 20] ?? 0,
  }
}

function poisson(mean: number, uniform: () => number): number {
  // Sums of smaller Poissons: exp(-mean) must not vanish.
  if (mean > 30) return poisson(mean / 2, uniform) + poisson(mean - mean / 2, uniform)
  const limit = Math.exp(-mean)
  let n = 0
  for (let product = uniform(); product > limit; product *= uniform()) n++
  return n
}

/** Acklam's rational approximation, relative error below 1.2e-9. */
export function normalQuantile(p: number): number {
  const low = 0.02425
  if (p < low) return tail(Math.sqrt(-2 * Math.log(p)))
  if (p > 1 - low) return -tail(Math.sqrt(-2 * Math.log(1 - p)))
  const q = p - 0.5
  const r = q * q
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  )
}

function tail(q: number): number {
  return (
    (((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
      4.374664141464968) *
      q +
      2.938163982698783) /
    ((((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
  )
}

/** The middle of each of 4,096 equally likely slices of a standard normal. */
const normals = Float64Array.from({ length: 4_096 }, (_, slice) => normalQuantile((slice + 0.5) / 4_096))
