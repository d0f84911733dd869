import type { Clock } from '../../core/index.ts'

/** A clock that moves when the test says so; sleepers wake in the order of their time. */
export type ManualClock = Clock & { advance(ms: number): Promise<void> }

export function createManualClock(startMs: number): ManualClock {
  let nowMs = startMs
  const sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>()
  // Lets everything that was woken run to its next wait.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          untilMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper)
            resolve()
          },
        }
        sleepers.add(sleeper)
        if (signal?.aborted === true) sleeper.wake()
        signal?.addEventListener('abort', sleeper.wake, { once: true })
      }),
    async advance(ms) {
      const endMs = nowMs + ms
      for (;;) {
        await settle()
        const next = [...sleepers].sort((a, b) => a.untilMs - b.untilMs)[0]
        if (next === undefined || next.untilMs > endMs) break
        nowMs = Math.max(nowMs, next.untilMs)
        next.wake()
      }
      nowMs = endMs
      await settle()
    },
  }
}
