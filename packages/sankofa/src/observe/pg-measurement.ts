import type pg from 'pg'
import { readBaseline } from './baseline.ts'
import { claimClosedWindows, readJudgedWindows } from './closed-windows.ts'
import { readLiveness } from './liveness.ts'
import type { Measurement, WindowTotals } from './measurement.ts'

/** What the processes measured, read from PostgreSQL. */
export function pgMeasurement(pool: pg.Pool): Measurement {
  return {
    baseline: (nowMs) => readBaseline(pool, nowMs),
    async openWatch(goId, change, guards, sampleRate) {
      await pool.query(
        `insert into sankofa.watch (go_id, change_id, guards, sample_rate)
         values ($1::bigint, $2::text, $3::jsonb, $4::double precision)
         on conflict (go_id) do nothing`,
        [goId, change, JSON.stringify(guards), sampleRate],
      )
    },
    async closeWatch(goId) {
      await pool.query(
        'update sankofa.watch as watch set closed_at = clock_timestamp() where watch.go_id = $1::bigint and watch.closed_at is null',
        [goId],
      )
    },
    newWindows: (goId) => claimClosedWindows(pool, goId),
    judgedWindows: (goId) => readJudgedWindows(pool, goId),
    liveness: (nowMs) => readLiveness(pool, nowMs),
    totals: (fromMs, toMs, touchedRoutes) => readTotals(pool, fromMs, toMs, touchedRoutes),
  }
}

async function readTotals(
  pool: pg.Pool,
  fromMs: number,
  toMs: number,
  touchedRoutes: readonly string[],
): Promise<readonly WindowTotals[]> {
  const { rows } = await pool.query<{
    start_ms: string
    n: string
    errors: string
    touched_n: string
    touched_errors: string
  }>(
    `select extract(epoch from cell.window_start) * 1000 as start_ms,
            sum(cell.n) as n,
            sum(cell.errors + cell.unanswered) as errors,
            coalesce(sum(cell.n) filter (where cell.route = any ($3::text[])), 0) as touched_n,
            coalesce(sum(cell.errors + cell.unanswered) filter (where cell.route = any ($3::text[])), 0) as touched_errors
       from sankofa.cell as cell
      where cell.resolution_s = 10 and cell.change_id = '' and cell.arm = 'all'
        and cell.window_start >= $1::timestamptz and cell.window_start < $2::timestamptz
      group by cell.window_start
      order by cell.window_start`,
    [new Date(fromMs), new Date(toMs), touchedRoutes],
  )
  return rows.map((row) => {
    const touched = { n: Number(row.touched_n), errors: Number(row.touched_errors) }
    return {
      startMs: Number(row.start_ms),
      touched,
      untouched: { n: Number(row.n) - touched.n, errors: Number(row.errors) - touched.errors },
    }
  })
}
