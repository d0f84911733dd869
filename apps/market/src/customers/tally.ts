import type { Heard } from './browser.ts'

export type Tally = {
  readonly requests: number
  readonly ok: number
  /** 400–499. */
  readonly refused: number
  /** 500 and above. */
  readonly failed: number
  /** No answer. */
  readonly unanswered: number
  readonly checkouts: {
    readonly tried: number
    readonly paid: number
    readonly refused: number
    readonly failed: number
    readonly unanswered: number
  }
  readonly p50Ms: number | undefined
  readonly p95Ms: number | undefined
}

const nothing = () => ({ tried: 0, paid: 0, refused: 0, failed: 0, unanswered: 0 })

/** Counts what customers heard, between one reading and the next. */
export function createTally(): { readonly heard: Heard; take(): Tally } {
  let all = nothing()
  let checkouts = nothing()
  let times: number[] = []
  const count = (into: ReturnType<typeof nothing>, status: number | undefined): void => {
    into.tried += 1
    if (status === undefined) into.unanswered += 1
    else if (status >= 500) into.failed += 1
    else if (status >= 400) into.refused += 1
    else into.paid += 1
  }
  return {
    heard({ route, status, tookMs }) {
      count(all, status)
      if (route === 'POST /checkout') count(checkouts, status)
      if (status !== undefined) times.push(tookMs)
    },
    take() {
      const sorted = times.sort((a, b) => a - b)
      const quantile = (q: number): number | undefined => {
        const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
        return value === undefined ? undefined : Math.round(value * 10) / 10
      }
      const taken: Tally = {
        requests: all.tried,
        ok: all.paid,
        refused: all.refused,
        failed: all.failed,
        unanswered: all.unanswered,
        checkouts,
        p50Ms: quantile(0.5),
        p95Ms: quantile(0.95),
      }
      all = nothing()
      checkouts = nothing()
      times = []
      return taken
    },
  }
}
