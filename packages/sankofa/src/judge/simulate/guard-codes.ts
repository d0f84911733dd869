import type { Guard } from '../types.ts'
import { checkoutAttempt, type Mix } from './mix.ts'

/** Which bits of a subject's failures an outcome sets, for the guards of one change. */
export type GuardCodes = {
  /** By route number. */
  readonly failed: Int32Array
  readonly unanswered: number
  /** A checkout that was not completed. */
  readonly business: number
  /** ln µs above which a request of route r is slow, at r · latencyGuards + j; ascending in j is not required. */
  readonly slowAbove: Float64Array
  readonly slowBits: Int32Array
  /** Below it no guard of the route is failed. */
  readonly quickest: Float64Array
}

export function guardCodes(guards: readonly Guard[], mix: Mix): GuardCodes {
  const bitsOf = (wanted: (guard: Guard) => boolean): number =>
    guards.reduce((bits, guard, index) => (wanted(guard) ? bits | (1 << index) : bits), 0)
  const latency = guards.flatMap((guard, index) => (guard.measure === 'latency' ? [{ guard, bit: 1 << index }] : []))
  const slowAbove = mix.flatMap(({ route }) =>
    latency.map(({ guard }) => Math.log(guard.thresholdsUs[route] ?? Number.POSITIVE_INFINITY)),
  )
  return {
    failed: Int32Array.from(mix, ({ route }) =>
      bitsOf((guard) => guard.measure === 'errors' || (guard.measure === 'route-errors' && guard.route === route)),
    ),
    unanswered: bitsOf((guard) => guard.measure === 'unanswered'),
    business: bitsOf((guard) => guard.measure === 'business' && guard.attempt === checkoutAttempt),
    slowAbove: Float64Array.from(slowAbove),
    slowBits: Int32Array.from(latency, ({ bit }) => bit),
    quickest: Float64Array.from(mix, (_, r) =>
      Math.min(...slowAbove.slice(r * latency.length, (r + 1) * latency.length)),
    ),
  }
}

export function slowBitsOf(codes: GuardCodes, route: number, lnUs: number): number {
  if (lnUs <= (codes.quickest[route] ?? 0)) return 0
  const guards = codes.slowBits.length
  let bits = 0
  for (let j = 0; j < guards; j++) {
    if (lnUs > (codes.slowAbove[route * guards + j] ?? 0)) bits |= codes.slowBits[j] ?? 0
  }
  return bits
}
