/** A subject who has not failed for this long begins a new session. */
const sessionMs = 30 * 60_000
const remembered = 20_000

/** Tells a subject's first failed request in a session from the ones after it. Forgets the oldest when it is full. */
export type FirstFailures = { isFirst(subject: string, atMs: number): boolean }

export function createFirstFailures(): FirstFailures {
  const lastMs = new Map<string, number>()
  return {
    isFirst(subject, atMs) {
      const before = lastMs.get(subject)
      lastMs.delete(subject)
      lastMs.set(subject, atMs)
      if (lastMs.size > remembered) {
        const oldest = lastMs.keys().next()
        if (!oldest.done) lastMs.delete(oldest.value)
      }
      return before === undefined || atMs - before > sessionMs
    },
  }
}
