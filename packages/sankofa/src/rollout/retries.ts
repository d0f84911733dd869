import type { ChangeId, Clock } from '../core/index.ts'

/** When a step that failed may be tried again: after 1, 2, 4, … s. Kept in memory: a restart tries at once. */
export type Retries = {
  mayTry(change: ChangeId, step: string): boolean
  /** @returns how often it has failed in a row */
  failed(change: ChangeId, step: string): number
  succeeded(change: ChangeId, step: string): void
  times(change: ChangeId, step: string): number
}

export function createRetries(clock: Clock, longestMs: number): Retries {
  const failing = new Map<string, { readonly times: number; readonly notBeforeMs: number }>()
  const key = (change: ChangeId, step: string): string => `${change} ${step}`
  return {
    mayTry: (change, step) => (failing.get(key(change, step))?.notBeforeMs ?? 0) <= clock.now(),
    failed(change, step) {
      const times = (failing.get(key(change, step))?.times ?? 0) + 1
      const waitMs = Math.min(1_000 * 2 ** (times - 1), longestMs)
      failing.set(key(change, step), { times, notBeforeMs: clock.now() + waitMs })
      return times
    },
    succeeded: (change, step) => void failing.delete(key(change, step)),
    times: (change, step) => failing.get(key(change, step))?.times ?? 0,
  }
}

/** The journal keeps the 1st, 2nd, 4th, 8th … failure in a row: enough to tell, few enough to keep. */
export const isJournalled = (times: number): boolean => Number.isInteger(Math.log2(times)) && times <= 1_024
