import type pg from 'pg'
import { createHistogram, decode, type MutableHistogram, mergeInto, quantile } from '../histogram/index.ts'
import type { ConsoleAttempt } from './attempts.ts'

export const windowS = 10
/** Reports that come late are still taken in for so long. */
const lateS = 60
const chunkS = 1_800

/** What was measured in a stretch of time. */
export type Step = {
  /** Seconds of it that were reported; 0 where nobody did, and then nothing is known. */
  readonly reportedS: number
  readonly requests: number
  readonly failures: number
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  /** Of the attempt that is shown. */
  readonly begun: number
  readonly completed: number
  /** Minor units of the currency that is shown. */
  readonly paid: bigint
}

export type Measured = {
  /** Up to when it has read, seconds since 1970. */
  readUntilS(): number
  /** Reads what is new. @param nowS - seconds since 1970 */
  refresh(nowS: number): Promise<void>
  /** Everything from `fromS` until `toS`, multiples of 10. */
  step(fromS: number, toS: number): Step
  /** The attempt that the screen shows: the first that is declared, else the one that customers make most. */
  attempt(): string | undefined
  /** The currency that is paid in most often; `undefined` while nothing was. */
  currency(): string | undefined
}

type Window = {
  requests: number
  failures: number
  readonly histogram: MutableHistogram
  readonly attempts: Map<string, { begun: number; completed: number }>
  readonly paid: Map<string, bigint>
}

const newWindow = (): Window => ({
  requests: 0,
  failures: 0,
  histogram: createHistogram(),
  attempts: new Map(),
  paid: new Map(),
})

/** Keeps the windows of the last hours merged in memory, so that a screen that looks every few seconds reads only what is new. */
export function createMeasured(
  pool: pg.Pool,
  options: { readonly attempts: readonly ConsoleAttempt[]; readonly keepS: number },
): Measured {
  const { attempts, keepS } = options
  const windows = new Map<number, Window>()
  let readUntilS = Number.NEGATIVE_INFINITY

  const between = (fromS: number, toS: number): readonly Window[] => {
    const found: Window[] = []
    for (let atS = Math.ceil(fromS / windowS) * windowS; atS < toS; atS += windowS) {
      const window = windows.get(atS)
      if (window !== undefined) found.push(window)
    }
    return found
  }
  const mostCommon = (counts: (window: Window) => Iterable<readonly [string, number]>): string | undefined => {
    const sums = new Map<string, number>()
    for (const window of windows.values()) {
      for (const [name, n] of counts(window)) sums.set(name, (sums.get(name) ?? 0) + n)
    }
    return [...sums].sort(([, a], [, b]) => b - a).at(0)?.[0]
  }
  const attempt = (): string | undefined =>
    attempts.at(0)?.name ??
    mostCommon((window) => [...window.attempts].map(([name, { begun }]) => [name, begun] as const))
  const currency = (): string | undefined =>
    mostCommon((window) => [...window.paid.keys()].map((code) => [code, 1] as const))

  return {
    readUntilS: () => readUntilS,
    attempt,
    currency,
    async refresh(nowS) {
      const fromS = Math.floor(Math.max(nowS - keepS, readUntilS - lateS) / windowS) * windowS
      for (const atS of windows.keys()) if (atS < nowS - keepS - lateS) windows.delete(atS)
      // By the half hour: the first look back must not hold hours of histograms at once.
      for (let startS = fromS; startS < nowS; startS += chunkS) {
        const endS = Math.min(startS + chunkS, nowS)
        const fresh = await readWindows(pool, startS, endS, attempts.at(0)?.completed)
        for (let atS = startS; atS < endS; atS += windowS) windows.delete(atS)
        for (const [atS, window] of fresh) windows.set(atS, window)
        readUntilS = Math.max(readUntilS, endS)
      }
    },
    step(fromS, toS) {
      const found = between(fromS, toS)
      const all = newWindow()
      for (const window of found) {
        all.requests += window.requests
        all.failures += window.failures
        mergeInto(all.histogram, window.histogram)
      }
      const name = attempt()
      const code = currency()
      const tries = found.map((window) => window.attempts.get(name ?? ''))
      const msAt = (share: number): number | null => {
        const us = all.requests === 0 ? undefined : quantile(all.histogram, share)
        return us === undefined ? null : us / 1_000
      }
      return {
        reportedS: found.length * windowS,
        requests: all.requests,
        failures: all.failures,
        p50Ms: msAt(0.5),
        p95Ms: msAt(0.95),
        begun: tries.reduce((sum, one) => sum + (one?.begun ?? 0), 0),
        completed: tries.reduce((sum, one) => sum + (one?.completed ?? 0), 0),
        paid: found.reduce((sum, window) => sum + (window.paid.get(code ?? '') ?? 0n), 0n),
      }
    },
  }
}

async function readWindows(
  pool: pg.Pool,
  fromS: number,
  toS: number,
  paidType: string | undefined,
): Promise<ReadonlyMap<number, Window>> {
  const [from, to] = [new Date(fromS * 1_000), new Date(toS * 1_000)]
  const [cells, reports, payments] = await Promise.all([
    pool.query<{ at_s: number; n: number; failures: number; histogram: Buffer }>(
      `select extract(epoch from cell.window_start)::double precision as at_s, cell.n::double precision as n,
              (cell.errors + cell.unanswered)::double precision as failures, cell.histogram
         from sankofa.cell as cell
        where cell.window_start >= $1::timestamptz and cell.window_start < $2::timestamptz and cell.resolution_s = 10
          and cell.change_id = '' and cell.arm = 'all'`,
      [from, to],
    ),
    pool.query<{ at_s: number; attempts: Readonly<Record<string, readonly [number, number]>> }>(
      `select extract(epoch from report.window_start)::double precision as at_s, report.attempts
         from sankofa.process_report as report
        where report.window_start >= $1::timestamptz and report.window_start < $2::timestamptz`,
      [from, to],
    ),
    paidType === undefined
      ? undefined
      : pool.query<{ at_s: number; currency: string; amount: string }>(
          `select floor(extract(epoch from event.at) / $4::int)::double precision * $4::int as at_s, event.currency,
                  sum(event.amount)::text as amount
             from sankofa.event as event
            where event.type = $3 and event.at >= $1::timestamptz and event.at < $2::timestamptz
              and event.amount is not null and event.currency is not null
            group by 1, 2`,
          [from, to, paidType, windowS],
        ),
  ])
  const windows = new Map<number, Window>()
  const at = (atS: number): Window => {
    const window = windows.get(atS) ?? newWindow()
    windows.set(atS, window)
    return window
  }
  for (const cell of cells.rows) {
    const window = at(cell.at_s)
    window.requests += cell.n
    window.failures += cell.failures
    mergeInto(window.histogram, decode(cell.histogram))
  }
  for (const report of reports.rows) {
    const window = at(report.at_s)
    for (const [name, [begun, completed]] of Object.entries(report.attempts)) {
      const sum = window.attempts.get(name) ?? { begun: 0, completed: 0 }
      window.attempts.set(name, { begun: sum.begun + begun, completed: sum.completed + completed })
    }
  }
  // Only beside a report: money that came in while nothing was measured draws no signal.
  for (const { at_s: atS, currency, amount } of payments?.rows ?? [])
    windows.get(atS)?.paid.set(currency, BigInt(amount))
  return windows
}
