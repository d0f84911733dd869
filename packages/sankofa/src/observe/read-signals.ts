import type pg from 'pg'
import { createHistogram, decode, type MutableHistogram, mergeInto, quantile } from '../histogram/index.ts'
import type { Gauges } from './gauges.ts'
import type { Dropped } from './limits.ts'

/** All traffic in one step of time. A step that nobody reported has no values: unknown, never zero. */
export type TrafficPoint = {
  readonly atMs: number
  /** Processes that reported in the step. */
  readonly processes: number
  readonly requests: number | undefined
  readonly requestsPerSecond: number | undefined
  /** Failed (status ≥ 500) or unanswered, of all; `undefined` without requests. */
  readonly errorShare: number | undefined
  readonly p50Ms: number | undefined
  readonly p95Ms: number | undefined
  readonly p99Ms: number | undefined
}

export type AttemptPoint = { readonly atMs: number; readonly begun: number; readonly completed: number }

export type ProcessGauges = {
  readonly processId: string
  readonly service: string
  readonly points: readonly { readonly atMs: number; readonly gauges: Gauges }[]
}

export type Signals = {
  readonly fromMs: number
  readonly toMs: number
  readonly stepS: number
  readonly traffic: readonly TrafficPoint[]
  /** Business attempts by name; only steps in which there were any. */
  readonly attempts: ReadonlyMap<string, readonly AttemptPoint[]>
  readonly processes: readonly ProcessGauges[]
  /** Since the newest report, by the database's clock; `undefined` when there has never been one. */
  readonly ageMs: number | undefined
  /** What could not be kept in the period, by reason. */
  readonly dropped: Dropped
}

type Step = {
  requests: number
  failures: number
  processes: Set<string>
  histogram: MutableHistogram
  reported: boolean
}

/**
 * What was measured between two instants, in steps.
 *
 * @param period.stepS - a multiple of 10; quantiles of a step are those of all its requests
 */
export async function readSignals(
  pool: pg.Pool,
  period: { readonly fromMs: number; readonly toMs: number; readonly stepS: number },
): Promise<Signals> {
  const { stepS } = period
  const stepMs = stepS * 1_000
  const fromMs = Math.floor(period.fromMs / stepMs) * stepMs
  const toMs = Math.ceil(period.toMs / stepMs) * stepMs
  const range = [new Date(fromMs), new Date(toMs)]
  const [cells, reports, newest] = await Promise.all([
    pool.query<{ start_ms: string; n: string; errors: string; histogram: Buffer }>(
      `select extract(epoch from cell.window_start) * 1000 as start_ms, cell.n, cell.errors + cell.unanswered as errors, cell.histogram
         from sankofa.cell as cell
        where cell.change_id = '' and cell.arm = 'all'
          and cell.window_start >= $1::timestamptz and cell.window_start < $2::timestamptz`,
      range,
    ),
    pool.query<{
      start_ms: string
      process_id: string
      service: string
      gauges: Gauges
      attempts: Record<string, [number, number]>
      dropped: Dropped
    }>(
      `select extract(epoch from report.window_start) * 1000 as start_ms, report.process_id, report.service,
              report.gauges, report.attempts, report.dropped
         from sankofa.process_report as report
        where report.window_start >= $1::timestamptz and report.window_start < $2::timestamptz
        order by report.window_start`,
      range,
    ),
    pool.query<{ age_ms: string | null }>(
      'select extract(epoch from clock_timestamp() - max(report.reported_at)) * 1000 as age_ms from sankofa.process_report as report',
    ),
  ])

  const steps = new Map<number, Step>()
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) {
    steps.set(atMs, { requests: 0, failures: 0, processes: new Set(), histogram: createHistogram(), reported: false })
  }
  const stepAt = (startMs: string): Step | undefined => steps.get(Math.floor(Number(startMs) / stepMs) * stepMs)
  for (const cell of cells.rows) {
    const step = stepAt(cell.start_ms)
    if (step === undefined) continue
    step.reported = true
    step.requests += Number(cell.n)
    step.failures += Number(cell.errors)
    mergeInto(step.histogram, decode(cell.histogram))
  }
  const dropped: Dropped = {}
  const processes = new Map<
    string,
    { processId: string; service: string; points: { atMs: number; gauges: Gauges }[] }
  >()
  const attempts = new Map<string, Map<number, { begun: number; completed: number }>>()
  for (const report of reports.rows) {
    const atMs = Number(report.start_ms)
    const step = stepAt(report.start_ms)
    if (step !== undefined) {
      step.reported = true
      step.processes.add(report.process_id)
    }
    for (const [reason, n] of Object.entries(report.dropped) as [keyof Dropped, number][])
      dropped[reason] = (dropped[reason] ?? 0) + n
    const gauges = processes.get(report.process_id) ?? {
      processId: report.process_id,
      service: report.service,
      points: [],
    }
    processes.set(report.process_id, gauges)
    gauges.points.push({ atMs, gauges: report.gauges })
    for (const [name, [begun, completed]] of Object.entries(report.attempts)) {
      const points = attempts.get(name) ?? new Map<number, { begun: number; completed: number }>()
      attempts.set(name, points)
      const stepStart = Math.floor(atMs / stepMs) * stepMs
      const point = points.get(stepStart) ?? { begun: 0, completed: 0 }
      points.set(stepStart, { begun: point.begun + begun, completed: point.completed + completed })
    }
  }
  const ageMs = newest.rows[0]?.age_ms
  return {
    fromMs,
    toMs,
    stepS,
    traffic: [...steps].map(([atMs, step]) => pointOf(atMs, step, stepS)),
    attempts: new Map(
      [...attempts].map(([name, points]) => [name, [...points].map(([atMs, point]) => ({ atMs, ...point }))]),
    ),
    processes: [...processes.values()],
    ageMs: ageMs === null || ageMs === undefined ? undefined : Number(ageMs),
    dropped,
  }
}

function pointOf(atMs: number, step: Step, stepS: number): TrafficPoint {
  const { requests, failures, histogram, reported, processes } = step
  const msAt = (q: number): number | undefined => {
    const us = quantile(histogram, q)
    return us === undefined ? undefined : us / 1_000
  }
  return {
    atMs,
    processes: processes.size,
    requests: reported ? requests : undefined,
    requestsPerSecond: reported ? requests / stepS : undefined,
    errorShare: requests === 0 ? undefined : failures / requests,
    p50Ms: msAt(0.5),
    p95Ms: msAt(0.95),
    p99Ms: msAt(0.99),
  }
}
