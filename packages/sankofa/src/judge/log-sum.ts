/** ln 0 that survives JSON: small enough that its exponential is exactly 0. */
export const logZero = -1_000

/** Evidence is capped here: far above every threshold, far below what a double cannot hold. */
export const logCap = 80

/** ln(exp a + exp b), without overflow. */
export function logAdd(a: number, b: number): number {
  const larger = Math.max(a, b)
  const smaller = Math.min(a, b)
  return smaller - larger < -700 ? larger : larger + Math.log1p(Math.exp(smaller - larger))
}

/** ln of the mean of exp over `values`, without overflow. */
export function logMeanExp(values: readonly number[]): number {
  let largest = logZero
  for (const value of values) if (value > largest) largest = value
  let sum = 0
  for (const value of values) sum += Math.exp(value - largest)
  return sum === 0 ? logZero : largest + Math.log(sum / values.length)
}
