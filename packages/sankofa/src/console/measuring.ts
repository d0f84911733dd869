import type pg from 'pg'
import { watcherLease } from '../db/index.ts'
import type { Measuring } from './contract.ts'

/** How fresh the measurements are, and what is missing from them; every age by the database's own clock. */
export async function readMeasuring(pool: pg.Pool): Promise<Measuring> {
  const [reports, newest, dropped, watching] = await Promise.all([
    pool.query<{ process_id: string; service: string; age_ms: number; requests: number }>(
      `select report.process_id, report.service,
              (extract(epoch from clock_timestamp() - max(report.reported_at)) * 1000)::double precision as age_ms,
              (sum(report.requests) filter (where report.window_start >= clock_timestamp() - interval '70 s'))::double precision as requests
         from sankofa.process_report as report
        where report.window_start > clock_timestamp() - interval '10 minutes'
        group by report.process_id, report.service
       having not bool_or(report.gauges ? 'stopping')
        order by report.service, age_ms
        limit 50`,
    ),
    pool.query<{ age_ms: number | null }>(
      `select (extract(epoch from clock_timestamp() - max(report.reported_at)) * 1000)::double precision as age_ms
         from sankofa.process_report as report
        where report.window_start >= (select max(latest.window_start) from sankofa.process_report as latest)`,
    ),
    pool.query<{ dropped: number }>(
      `select coalesce(sum(entry.value::double precision), 0) as dropped
         from sankofa.process_report as report
        cross join lateral jsonb_each_text(report.dropped) as entry
        where report.window_start > clock_timestamp() - interval '1 hour'
          and entry.value ~ '^[0-9]+$'`,
    ),
    pool.query('select 1 from sankofa.lease as lease where lease.name = $1 and lease.expires_at > clock_timestamp()', [
      watcherLease,
    ]),
  ])
  const ageMs = newest.rows[0]?.age_ms ?? null
  return {
    ageMs: ageMs === null ? null : Math.max(0, Math.round(ageMs)),
    dropped: dropped.rows[0]?.dropped ?? 0,
    processes: reports.rows.map((row) => ({
      processId: row.process_id,
      service: row.service,
      ageMs: Math.max(0, Math.round(row.age_ms)),
    })),
    requestsPerSecond: reports.rows.reduce((sum, row) => sum + (row.requests ?? 0), 0) / 60,
    watching: watching.rowCount === 1,
  }
}
