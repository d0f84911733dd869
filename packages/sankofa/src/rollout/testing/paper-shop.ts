import { hash } from 'node:crypto'
import type pg from 'pg'
import { type Guard, type SubjectInWindow, unitInterval } from '../../judge/index.ts'
import { type Baseline, type ClosedWindow, type Measurement, windowMs } from '../../observe/index.ts'

type Shown = {
  readonly stage: number
  readonly share: number
  readonly share_before: number
  readonly salt: string
  readonly start_ms: string
}

const customers = 3_000
const activeInWindow = 400
const thresholdsUs = { p75: 10_000, p90: 20_000, p95: 30_000, p99: 50_000 }
const baseline: Baseline = {
  requestsPerSecond: 50,
  subjectsPerWindow: activeInWindow,
  subjects: customers,
  firstFailuresPerSecond: 0.4,
  routes: [{ route: 'POST /checkout', requests: 10_000, errorShare: 0.01, thresholdsUs }],
}

/**
 * A shop on paper: who is active in a window, and who fails, is a pure function of the window; which windows were handed
 * out is in PostgreSQL. So any number of processes, one after the other, measure the same shop.
 */
export async function paperShop(pool: pg.Pool, options: { readonly harmful: boolean }): Promise<Measurement> {
  await pool.query(
    `create table if not exists public.paper_window (
       go_id bigint, start_ms bigint, stage int, share double precision, share_before double precision, salt text,
       primary key (go_id, start_ms))`,
  )
  const guardsOf = async (goId: bigint): Promise<readonly Guard[]> => {
    const found = await pool.query<{ guards: readonly Guard[] }>(
      'select watch.guards from sankofa.watch as watch where watch.go_id = $1',
      [goId],
    )
    return found.rows[0]?.guards ?? []
  }
  const windowOf = (guards: readonly Guard[], shown: Shown): ClosedWindow => {
    const startMs = Number(shown.start_ms)
    const bits = guards.reduce((sum, { measure }, bit) => (measure === 'errors' ? sum | (1 << bit) : sum), 0)
    const first = Math.round(startMs / windowMs) * 173
    const subjects = Array.from({ length: activeInWindow }, (_, n): SubjectInWindow => {
      const subject = hash('sha256', `customer ${(first + n) % customers}`).slice(0, 16)
      const place = unitInterval(shown.salt, subject)
      const exposed = place < shown.share
      const failing = options.harmful && exposed ? 0.9 : 0.01
      const fails = unitInterval(`fails in ${startMs}`, subject) < failing
      return { subject, exposed, fresh: place >= shown.share_before, failed: fails ? bits : 0 }
    })
    return { startMs, stage: shown.stage, subjects, newErrorKinds: [] }
  }

  return {
    baseline: async () => baseline,
    async openWatch(goId, change, guards, sampleRate) {
      await pool.query(
        `insert into sankofa.watch (go_id, change_id, guards, sample_rate) values ($1, $2, $3::jsonb, $4)
         on conflict (go_id) do nothing`,
        [goId, change, JSON.stringify(guards), sampleRate],
      )
    },
    async closeWatch(goId) {
      await pool.query(
        'update sankofa.watch set closed_at = clock_timestamp() where watch.go_id = $1 and watch.closed_at is null',
        [goId],
      )
    },
    async newWindows(goId, nowMs) {
      const lastWhole = Math.floor(nowMs / windowMs) * windowMs - windowMs
      const handedOut = await pool.query<Shown>(
        `insert into public.paper_window (go_id, start_ms, stage, share, share_before, salt)
         select flag.go_id, start_ms, flag.stage, flag.share, flag.share_before, flag.salt
           from sankofa.flag as flag,
                generate_series(
                  coalesce((select max(seen.start_ms) + $3 from public.paper_window as seen where seen.go_id = $1), $2),
                  $2, $3) as start_ms
          where flag.go_id = $1
         returning start_ms, stage, share, share_before, salt`,
        [goId, lastWhole, windowMs],
      )
      const guards = await guardsOf(goId)
      return handedOut.rows.map((row) => windowOf(guards, row)).sort((a, b) => a.startMs - b.startMs)
    },
    async judgedWindows(goId) {
      const seen = await pool.query<Shown>(
        `select seen.start_ms, seen.stage, seen.share, seen.share_before, seen.salt
           from public.paper_window as seen
          where seen.go_id = $1
          order by seen.start_ms`,
        [goId],
      )
      const guards = await guardsOf(goId)
      return seen.rows.map((row) => windowOf(guards, row))
    },
    liveness: async () => ({
      processes: [{ processId: 'paper', service: 'paper', ageMs: 1_000, stopped: false }],
      requests: 6_000,
      expected: 6_000,
    }),
    totals: async () => [],
  }
}
