/** Ready for so long, a release counts as sound again. */
const soundAfterMs = 30_000

/** How long to wait before a release that failed is tried again: 1, 2, 4 … 30 s. */
export type Patience = {
  afterFailedStart(): number
  /** The first time at once; what dies again soon after may take the machine with it. */
  afterDeath(readyForMs: number): number
}

export function createPatience(): Patience {
  let failures = 0
  const waitMs = (count: number): number => Math.min(30_000, 1_000 * 2 ** (count - 1))
  return {
    afterFailedStart: () => waitMs(++failures),
    afterDeath(readyForMs) {
      if (readyForMs >= soundAfterMs) failures = 0
      const ms = failures === 0 ? 0 : waitMs(failures)
      failures++
      return ms
    },
  }
}
