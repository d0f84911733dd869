import type { Clock } from '../../core/index.ts'

/** Time that passes only when told to. */
export type VirtualClock = Clock & { set(ms: number): void }

export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    sleep: async () => {},
    set: (ms) => {
      nowMs = ms
    },
  }
}
