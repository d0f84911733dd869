import type pg from 'pg'
import { mergeSubjects } from '../judge/index.ts'
import type { ClosedWindow, NewErrorKind } from './measurement.ts'
import { decodeSubjects } from './subject-codec.ts'
import type { KindInWindow } from './window-subjects.ts'

type Row = { readonly start_ms: string; readonly stage: number; readonly subjects: Buffer }

/** A window is not waited for longer than this after its end, or, when all of it came late, after its first report. */
const patienceMs = 4_000
const latePatienceMs = 3_000
/** Who has not reported for this long is not waited for. */
const forgottenAfterMs = 60_000

// All by the database's clock. Whole = every process that reported lately has come as far as this window. A window before one
// that was judged is late: it is never judged, because a restart must replay exactly what was judged, in the same order.
const claim = `
  with live as (
    select distinct on (report.process_id) report.process_id, report.window_start, report.gauges
      from sankofa.process_report as report
     where report.window_start > clock_timestamp() - interval '15 minutes'
       and report.reported_at > clock_timestamp() - $2::double precision * interval '1 millisecond'
     order by report.process_id, report.window_start desc
  ), whole as (
    select min(live.window_start) as until from live where not live.gauges ? 'stopping'
  ), candidate as (
    select report.window_start, min(report.reported_at) as first_reported_at
      from sankofa.process_report as report
     where report.window_start in (
             select part.window_start from sankofa.subject_window as part where part.go_id = $1::bigint and not part.judged)
     group by report.window_start
  ), closed as (
    select candidate.window_start
      from candidate
     cross join whole
     where candidate.window_start > coalesce(
             (select max(part.window_start) from sankofa.subject_window as part where part.go_id = $1::bigint and part.judged), '-infinity')
       and (candidate.window_start <= whole.until
            or clock_timestamp() >= greatest(
                 candidate.window_start + interval '10 seconds' + $3::double precision * interval '1 millisecond',
                 candidate.first_reported_at + $4::double precision * interval '1 millisecond'))
  )
  update sankofa.subject_window as part
     set judged = true
    from closed
   where part.go_id = $1::bigint and part.window_start = closed.window_start and not part.judged
  returning extract(epoch from part.window_start) * 1000 as start_ms, part.stage, part.subjects`

/** Windows that have become whole, oldest first; they are marked judged in the same statement. */
export async function claimClosedWindows(pool: pg.Pool, goId: bigint): Promise<readonly ClosedWindow[]> {
  const { rows } = await pool.query<Row>(claim, [goId, forgottenAfterMs, patienceMs, latePatienceMs])
  return rows.length === 0 ? [] : join(rows, await readKinds(pool, goId))
}

/** Exactly the windows that were claimed before. */
export async function readJudgedWindows(pool: pg.Pool, goId: bigint): Promise<readonly ClosedWindow[]> {
  const { rows } = await pool.query<Row>(
    `select extract(epoch from part.window_start) * 1000 as start_ms, part.stage, part.subjects
       from sankofa.subject_window as part
      where part.go_id = $1::bigint and part.judged`,
    [goId],
  )
  return join(rows, await readKinds(pool, goId))
}

/** Reports that came after their window had been judged: counted, never judged. */
export async function countLateReports(pool: pg.Pool, goId: bigint): Promise<number> {
  const { rows } = await pool.query<{ late: number }>(
    `select count(*)::int as late
       from sankofa.subject_window as part
      where part.go_id = $1::bigint and not part.judged
        and part.window_start <= (
              select max(judged.window_start) from sankofa.subject_window as judged where judged.go_id = $1::bigint and judged.judged)`,
    [goId],
  )
  return rows[0]?.late ?? 0
}

type KindRow = { readonly startMs: number; readonly kind: KindInWindow }

/** Kinds of error of this go that nobody had met before it. */
async function readKinds(pool: pg.Pool, goId: bigint): Promise<readonly KindRow[]> {
  const { rows } = await pool.query<{ start_ms: string; kind: KindInWindow }>(
    `select extract(epoch from part.window_start) * 1000 as start_ms, kind.value as kind
       from sankofa.subject_window as part
       join sankofa.watch as watch on watch.go_id = part.go_id
      cross join jsonb_array_elements(part.error_kinds) as kind
       join sankofa.bug as bug on bug.fingerprint = kind.value ->> 'fingerprint'
      where part.go_id = $1::bigint and part.judged and bug.first_seen + interval '10 seconds' > watch.opened_at
      order by part.window_start`,
    [goId],
  )
  return rows.map((row) => ({ startMs: Number(row.start_ms), kind: row.kind }))
}

function join(rows: readonly Row[], kinds: readonly KindRow[]): readonly ClosedWindow[] {
  const windows = new Map<string, { readonly startMs: number; readonly stage: number; readonly parts: Buffer[] }>()
  for (const { start_ms, stage, subjects } of rows) {
    const window = windows.get(`${start_ms} ${stage}`) ?? { startMs: Number(start_ms), stage, parts: [] }
    windows.set(`${start_ms} ${stage}`, window)
    window.parts.push(subjects)
  }
  return [...windows.values()]
    .sort((a, b) => a.startMs - b.startMs || a.stage - b.stage)
    .map(({ startMs, stage, parts }) => ({
      startMs,
      stage,
      // Sorted, so that neither the order of processes nor of rows can change the evidence.
      subjects: mergeSubjects(parts.map(decodeSubjects)).toSorted((a, b) => (a.subject < b.subject ? -1 : 1)),
      newErrorKinds: kindsUntil(startMs, kinds),
    }))
}

/** Distinct subjects since `go`, by arm: a window says all that is known at its end. */
function kindsUntil(startMs: number, rows: readonly KindRow[]): readonly NewErrorKind[] {
  const known = new Map<
    string,
    { readonly kind: KindInWindow; readonly exposed: Set<string>; readonly control: Set<string> }
  >()
  for (const { kind, startMs: metMs } of rows) {
    if (metMs > startMs) continue
    const met = known.get(kind.fingerprint) ?? { kind, exposed: new Set(), control: new Set() }
    known.set(kind.fingerprint, met)
    for (const subject of kind.exposed) met.exposed.add(subject)
    for (const subject of kind.control) met.control.add(subject)
  }
  return [...known.values()].map(({ kind: { fingerprint, route, name }, exposed, control }) => ({
    fingerprint,
    route,
    name,
    exposedSubjects: exposed.size,
    controlSubjects: control.size,
  }))
}
