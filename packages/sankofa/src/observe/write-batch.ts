import type pg from 'pg'
import type { Batch } from './batch.ts'

/** A server that hangs must not hold the writer for ever; the try is repeated, and the primary key makes that harmless. */
const queryTimeoutMs = 5_000

// One statement, so one transaction and one round trip. The report comes first: when it is there already, an earlier try did
// arrive although its answer did not, and nothing is added twice.
const statement = `
  with report as (
    insert into sankofa.process_report
      (window_start, process_id, service, release, requests, failures, subjects, subjects_failed, gauges, attempts, subject_sketch, dropped)
    values ($1::timestamptz, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $7::int, $8::int, $9::jsonb, $10::jsonb, $11::bytea, $12::jsonb)
    on conflict do nothing
    returning 1
  ), cell as (
    insert into sankofa.cell
      (window_start, process_id, release, route, status_class, change_id, arm, n, errors, unanswered,
       sum_us, max_us, sum_pool_us, sum_db_us, sum_http_us, sum_flush_us, histogram)
    select $1::timestamptz, $2::text, $4::text, new.*
      from unnest($13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[],
                  $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bytea[]) as new
     where exists (select 1 from report)
  ), stage as (
    insert into sankofa.subject_window (window_start, process_id, go_id, stage, subjects, error_kinds)
    select $1::timestamptz, $2::text, new.*
      from unnest($27::bigint[], $28::int[], $29::bytea[], $30::jsonb[]) as new
     where exists (select 1 from report)
  ), bug as (
    insert into sankofa.bug as bug (fingerprint, route, name, n, release, first_seen, last_seen)
    select new.*, $4::text, $1::timestamptz, $1::timestamptz
      from unnest($31::text[], $32::text[], $33::text[], $34::bigint[]) as new (fingerprint, route, name, n)
     where exists (select 1 from report)
     order by new.fingerprint
    on conflict (fingerprint) do update
       set last_seen = greatest(bug.last_seen, excluded.last_seen), first_seen = least(bug.first_seen, excluded.first_seen), n = bug.n + excluded.n
  )
  select count(*)::int as written from report`

/** @returns false when the window had been written before; nothing was changed then */
export async function writeBatch(pool: pg.Pool, batch: Batch): Promise<boolean> {
  const query: pg.QueryConfig & { query_timeout: number } = {
    text: statement,
    values: [...batch.report, JSON.stringify(batch.dropped), ...batch.cells, ...batch.stages, ...batch.bugs],
    query_timeout: queryTimeoutMs,
  }
  const { rows } = await pool.query<{ written: number }>(query)
  return rows[0]?.written === 1
}
