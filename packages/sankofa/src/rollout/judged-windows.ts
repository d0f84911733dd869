import type pg from 'pg'
import type { ChangeId } from '../core/index.ts'
import { withFence } from '../db/index.ts'
import { toJson } from '../journal/index.ts'
import type { Reading } from '../judge/index.ts'

/** What the judge said after one window. */
export type JudgedWindow = { readonly startMs: number; readonly stage: number; readonly reading: Reading }

/** Names a window of a go: a restart judges exactly those that were judged before. */
export const windowKey = (window: { readonly startMs: number; readonly stage: number }): string =>
  `${window.startMs}/${window.stage}`

export async function saveJudgedWindows(
  pool: pg.Pool,
  epoch: bigint,
  of: { readonly change: ChangeId; readonly goId: bigint; readonly windows: readonly JudgedWindow[] },
): Promise<void> {
  if (of.windows.length === 0) return
  await withFence(pool, epoch, (client) =>
    client.query(
      `insert into sankofa.judged_window as judged (go_id, change_id, window_start, stage, verdict, log_evidence, reading)
       select $1::bigint, $2::text, to_timestamp(new.start_ms / 1000.0), new.stage, new.verdict, new.log_evidence, new.reading::jsonb
         from unnest($3::double precision[], $4::int[], $5::text[], $6::double precision[], $7::text[])
           as new (start_ms, stage, verdict, log_evidence, reading)
       on conflict (go_id, window_start, stage) do nothing`,
      [
        of.goId,
        of.change,
        of.windows.map((window) => window.startMs),
        of.windows.map((window) => window.stage),
        of.windows.map((window) => window.reading.verdict),
        of.windows.map((window) => Math.max(window.reading.logEvidence, -Number.MAX_VALUE)),
        of.windows.map((window) => toJson(window.reading)),
      ],
    ),
  )
}

/** The windows of a go that were judged, by `windowKey`. */
export async function readJudgedKeys(pool: pg.Pool, goId: bigint): Promise<ReadonlySet<string>> {
  const found = await pool.query<{ start_ms: string; stage: number }>(
    `select round(extract(epoch from judged.window_start) * 1000)::text as start_ms, judged.stage
       from sankofa.judged_window as judged
      where judged.go_id = $1`,
    [goId],
  )
  return new Set(found.rows.map((row) => windowKey({ startMs: Number(row.start_ms), stage: row.stage })))
}
