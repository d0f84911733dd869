import type pg from 'pg'
import type { ChangeState } from '../journal/index.ts'
import type { Reading } from '../judge/index.ts'

/** The newest word of the judge on each go, by go id. */
export async function readReadings(
  pool: pg.Pool,
  states: readonly ChangeState[],
): Promise<ReadonlyMap<bigint, Reading>> {
  const gos = states.filter((state) => state.state !== 'settled').flatMap((state) => state.go?.goId ?? [])
  if (gos.length === 0) return new Map()
  const { rows } = await pool.query<{ go_id: bigint | string; reading: Reading }>(
    `select distinct on (judged.go_id) judged.go_id, judged.reading
       from sankofa.judged_window as judged
      where judged.go_id = any ($1::bigint[])
      order by judged.go_id, judged.window_start desc, judged.stage desc`,
    [gos],
  )
  return new Map(rows.map((row) => [BigInt(row.go_id), row.reading]))
}
