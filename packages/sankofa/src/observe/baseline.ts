import type pg from 'pg'
import { createHistogram, decode, type MutableHistogram, mergeInto, quantile } from '../histogram/index.ts'
import { type Baseline, windowMs } from './measurement.ts'
import { overflowRoute, unmatchedRoute } from './observer.ts'
import { estimateSubjects } from './subject-sketch.ts'

const periodMs = 60 * 60_000
/** Below this a route's quantiles are chance, and it gets no latency threshold. */
const requestsForThresholds = 300

type RouteSums = { n: number; errors: number; readonly histogram: MutableHistogram }

/** What the hour before `nowMs` looked like, all traffic together. */
export async function readBaseline(pool: pg.Pool, nowMs: number): Promise<Baseline> {
  const period = [new Date(nowMs - periodMs), new Date(nowMs)]
  const [cells, reports] = await Promise.all([
    pool.query<{ route: string; n: string; errors: string; histogram: Buffer }>(
      `select cell.route, cell.n, cell.errors, cell.histogram
         from sankofa.cell as cell
        where cell.resolution_s = 10 and cell.change_id = '' and cell.arm = 'all'
          and cell.window_start >= $1::timestamptz and cell.window_start < $2::timestamptz`,
      period,
    ),
    pool.query<{ requests: string; subjects: string; subjects_failed: string; windows: string; sketches: Buffer[] }>(
      `select coalesce(sum(report.requests), 0) as requests,
              coalesce(sum(report.subjects), 0) as subjects,
              coalesce(sum(report.subjects_failed), 0) as subjects_failed,
              count(distinct report.window_start) as windows,
              coalesce(array_agg(report.subject_sketch), '{}') as sketches
         from sankofa.process_report as report
        where report.window_start >= $1::timestamptz and report.window_start < $2::timestamptz`,
      period,
    ),
  ])
  const routes = new Map<string, RouteSums>()
  for (const cell of cells.rows) {
    const sums = routes.get(cell.route) ?? { n: 0, errors: 0, histogram: createHistogram() }
    routes.set(cell.route, sums)
    sums.n += Number(cell.n)
    sums.errors += Number(cell.errors)
    mergeInto(sums.histogram, decode(cell.histogram))
  }
  const sum = reports.rows[0]
  // Only windows that were reported count: a service that began ten minutes ago is not one with little traffic.
  const windows = Number(sum?.windows ?? 0)
  const perWindow = (total: string | undefined): number => (windows === 0 ? 0 : Number(total ?? 0) / windows)
  return {
    requestsPerSecond: perWindow(sum?.requests) / (windowMs / 1_000),
    subjectsPerWindow: perWindow(sum?.subjects),
    subjects: anHour(estimateSubjects(sum?.sketches ?? []), windows * windowMs),
    measuredMs: windows * windowMs,
    firstFailuresPerSecond: perWindow(sum?.subjects_failed) / (windowMs / 1_000),
    routes: [...routes]
      .filter(([route]) => route !== unmatchedRoute && route !== overflowRoute)
      .map(([route, { n, errors, histogram }]) => ({
        route,
        requests: n,
        errorShare: n === 0 ? 0 : errors / n,
        ...(n < requestsForThresholds ? {} : { thresholdsUs: thresholdsOf(histogram) }),
      }))
      .sort((a, b) => b.requests - a.requests),
  }
}

/**
 * How many subjects an hour will bring, from those that a part of it brought. They come again, so their number grows slower
 * than time: by its root is a guess, and one that rather draws a stage too small than too large.
 */
const anHour = (subjects: number, measuredMs: number): number =>
  measuredMs === 0 ? 0 : Math.round(subjects * Math.sqrt(Math.max(periodMs / measuredMs, 1)))

const thresholdsOf = (histogram: MutableHistogram) => ({
  p75: quantile(histogram, 0.75) ?? 0,
  p90: quantile(histogram, 0.9) ?? 0,
  p95: quantile(histogram, 0.95) ?? 0,
  p99: quantile(histogram, 0.99) ?? 0,
})
