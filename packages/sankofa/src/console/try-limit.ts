import type { Clock } from '../core/index.ts'

const mostFailures = 10
const withinMs = 60_000
const addressesMost = 1_000

/** Counts failed tokens by address: after ten in a minute the next must wait, right or wrong. */
export function createTryLimit(clock: Clock): {
  /** @returns seconds to wait, or 0 */
  waitS(address: string): number
  failed(address: string): void
} {
  const failures = new Map<string, readonly number[]>()
  const recent = (address: string): readonly number[] =>
    (failures.get(address) ?? []).filter((atMs) => clock.now() - atMs < withinMs)

  return {
    waitS(address) {
      const [oldest, ...others] = recent(address)
      if (oldest === undefined || others.length + 1 < mostFailures) return 0
      return Math.max(1, Math.ceil((oldest + withinMs - clock.now()) / 1_000))
    },
    failed(address) {
      const kept = [...recent(address), clock.now()].slice(-mostFailures)
      failures.delete(address)
      failures.set(address, kept)
      const oldest = failures.keys().next().value
      if (failures.size > addressesMost && oldest !== undefined) failures.delete(oldest)
    },
  }
}
