import type pg from 'pg'
import { type Liveness, windowMs } from './measurement.ts'

const rememberedMs = 10 * 60_000
const recentMs = 2 * 60_000
const beforeMs = 30 * 60_000
/** A window counts as closed this long after its end: by then its reports are there. */
const settleMs = 5_000
/** Clocks that differ by more than this, and windows that are reported so late, are not judged in time. */
const toleratedMs = 60_000

/** Who reported of late, and whether requests are missing. */
export async function readLiveness(pool: pg.Pool, nowMs: number): Promise<Liveness> {
  const closedMs = Math.floor((nowMs - settleMs) / windowMs) * windowMs
  const [processes, traffic] = await Promise.all([
    pool.query<{ process_id: string; service: string; reported_ms: string; began_before_ms: string; stopped: boolean }>(
      `select distinct on (report.process_id)
              report.process_id, report.service, extract(epoch from report.reported_at) * 1000 as reported_ms,
              extract(epoch from report.reported_at - report.window_start) * 1000 as began_before_ms,
              report.gauges ? 'stopping' as stopped
         from sankofa.process_report as report
        where report.reported_at > to_timestamp($1::double precision / 1000)
        order by report.process_id, report.window_start desc`,
      [nowMs - rememberedMs],
    ),
    pool.query<{ requests: string; requests_before: string; windows_before: string }>(
      `select coalesce(sum(report.requests) filter (where report.window_start >= to_timestamp($2::double precision / 1000)), 0) as requests,
              coalesce(sum(report.requests) filter (where report.window_start < to_timestamp($2::double precision / 1000)), 0) as requests_before,
              count(distinct report.window_start) filter (where report.window_start < to_timestamp($2::double precision / 1000)) as windows_before
         from sankofa.process_report as report
        where report.window_start >= to_timestamp($1::double precision / 1000)
          and report.window_start < to_timestamp($3::double precision / 1000)`,
      [closedMs - recentMs - beforeMs, closedMs - recentMs, closedMs],
    ),
  ])
  const sums = traffic.rows[0]
  const windowsBefore = Number(sums?.windows_before ?? 0)
  return {
    processes: processes.rows.map((row) => ({
      processId: row.process_id,
      service: row.service,
      ageMs: ageMs(nowMs - Number(row.reported_ms), Number(row.began_before_ms)),
      stopped: row.stopped,
    })),
    requests: Number(sums?.requests ?? 0),
    // Over the windows that were reported: hours of silence must not teach that silence is normal.
    expected: windowsBefore === 0 ? 0 : (Number(sums?.requests_before ?? 0) / windowsBefore) * (recentMs / windowMs),
  }
}

/**
 * How long nothing is known of a process. Who reports windows of another hour is silent about this one: they come too late
 * to be judged, or wait until that hour. So is who seems to have reported in the future, after a clock was set back.
 */
function ageMs(sinceMs: number, beganBeforeMs: number): number {
  const reported = sinceMs < -toleratedMs ? -sinceMs : Math.max(0, sinceMs)
  return reported + Math.max(0, Math.abs(beganBeforeMs - windowMs) - toleratedMs)
}
