import type pg from 'pg'
import { type ChangeId, changeId } from '../../core/index.ts'
import { watcherLease } from '../../db/index.ts'
import { createHistogram, encode, record } from '../../histogram/index.ts'
import { type Journal, openJournal, type RecordData } from '../../journal/index.ts'
import { buildGuards, defaultStages, type Reading } from '../../judge/index.ts'

const minuteMs = 60_000
const windowMs = 10_000
const threshold = Math.log(100)
const stages = defaultStages(50, 2_000)
const guards = buildGuards({ routes: [{ route: 'POST /checkout', requests: 9_000 }], attempts: ['checkout'] })
const checkoutGuard = 'business checkout'

/** A small random generator, so that every house looks the same. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

export type House = { readonly pool: pg.Pool; readonly journal: Journal; readonly nowMs: number }

/** Measurements of a shop for the last `minutes`: requests, latencies, checkouts, money. */
export async function seedTraffic(
  house: House,
  options: { readonly minutes: number; readonly untilMs?: number; failing?(atMs: number): number },
): Promise<void> {
  const { pool, nowMs } = house
  const untilMs = Math.floor((options.untilMs ?? nowMs) / windowMs) * windowMs
  const random = numbers(7)
  const reports: unknown[][] = []
  const cells: unknown[][] = []
  const events: unknown[][] = []
  for (let atMs = untilMs - options.minutes * minuteMs; atMs < untilMs; atMs += windowMs) {
    const at = new Date(atMs)
    const n = Math.round(480 + 60 * Math.sin(atMs / 900_000) + 40 * random())
    const failures = Math.round(n * (0.004 + 0.004 * random() + (options.failing?.(atMs) ?? 0)))
    const begun = Math.round(n / 8)
    const histogram = createHistogram()
    for (let i = 0; i < n / 4; i += 1) record(histogram, 4_000 * Math.exp(1.1 * (random() + random() + random())))
    reports.push([
      at,
      n,
      failures,
      JSON.stringify({ checkout: [begun, Math.max(0, begun - Math.round(failures / 3))] }),
    ])
    cells.push([at, n, failures, encode(histogram)])
    for (let i = 0; i < 3; i += 1)
      events.push([new Date(atMs + i * 3_000), String(Math.round(1_200_000 + 900_000 * random()))])
  }
  const column = (rows: readonly unknown[][], i: number): unknown[] => rows.map((row) => row[i])
  await pool.query(
    `insert into sankofa.process_report (window_start, process_id, service, release, requests, failures, subjects, subjects_failed, attempts, reported_at)
     select row.at, 'market-4821', 'market', 'a41c9e02b7', row.n, row.failures, row.n / 3, row.failures, row.attempts, row.at + interval '10 s'
       from unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::jsonb[]) as row (at, n, failures, attempts)`,
    [0, 1, 2, 3].map((i) => column(reports, i)),
  )
  await pool.query(
    `insert into sankofa.cell (window_start, process_id, route, status_class, release, n, errors, sum_us, max_us, histogram)
     select row.at, 'market-4821', 'POST /checkout', '2xx', 'a41c9e02b7', row.n, row.failures, 1, 1, row.histogram
       from unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::bytea[]) as row (at, n, failures, histogram)`,
    [0, 1, 2, 3].map((i) => column(cells, i)),
  )
  await pool.query(
    `insert into sankofa.event (at, type, subject, actor, amount, currency, hash)
     select row.at, 'order.paid', 'a-customer', 'a-customer', row.amount, 'NGN', ''::bytea
       from unnest($1::timestamptz[], $2::bigint[]) as row (at, amount)`,
    [column(events, 0), column(events, 1)],
  )
}

/** As if a watcher led for the next hour. */
export async function seedWatcher(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into sankofa.lease (name, holder, expires_at) values ($1, 'a-watcher', clock_timestamp() + interval '1 hour')`,
    [watcherLease],
  )
}

export function aReading(options: {
  readonly stage: number
  /** Of the threshold. */
  readonly share: number
  readonly exposed: { readonly subjects: number; readonly failures: number }
  readonly control: { readonly subjects: number; readonly failures: number }
}): Reading {
  const { stage, share, exposed, control } = options
  const logEvidence = share * threshold
  return {
    verdict: share >= 1 ? 'undo' : 'continue',
    stage,
    logEvidence,
    threshold,
    leading: checkoutGuard,
    guards: [{ guard: checkoutGuard, logEvidence, exposed, control, logClear: 0.4 }],
    subjectsHarmed: exposed.failures,
    sampleRatio: { exposed: exposed.subjects, control: control.subjects, logEvidence: 0 },
  }
}

export type Rollout = {
  readonly id: string
  readonly title: string
  readonly author: string
  /** When it was asked to go, minutes before now; its stages began so many minutes before now. */
  readonly stagesAgo: readonly number[]
  readonly kind?: 'flag' | 'tunable' | 'release'
  /** What it does; a flag's own unless told. */
  readonly plan?: unknown
}

export const proof: RecordData['proved']['proof'] = {
  ok: true,
  digest: 'd',
  base: 'a41c9e02b7',
  expiresAt: '2099-01-01T00:00:00Z',
  loss: 'kept',
  undoMs: 240,
  locks: [],
  steps: ['The old path passed its test on rows that the new path wrote.'],
}

/** A change that was proposed, proved and let out, stage by stage, at the times told. */
export async function letOut(
  house: House,
  rollout: Rollout,
): Promise<{ readonly change: ChangeId; readonly goId: bigint }> {
  const { journal, nowMs } = house
  const { id, title, author, kind = 'flag' } = rollout
  const change = changeId(id)
  const at = (minutesAgo: number): { at: Date } => ({ at: new Date(nowMs - minutesAgo * minuteMs) })
  const firstAgo = rollout.stagesAgo[0] ?? 0
  const { plan = { flag: id } } = rollout
  const record_ = { control: 'subjects', dependsOn: [], size: { unit: 'lines', n: 120 } } as const
  await journal.append(
    { change, kind, type: 'proposed', actor: author, data: { plan, title, ...record_ } },
    at(firstAgo + 30),
  )
  await journal.append({ change, type: 'proved', actor: 'watcher', data: { proof } }, at(firstAgo + 1))
  await journal.append({ change, type: 'go-requested', actor: author, data: {} }, at(firstAgo + 0.2))
  const started = await journal.append(
    {
      change,
      type: 'started',
      actor: 'watcher',
      data: {
        salt: '0123456789abcdef0123456789abcdef',
        stages,
        guards,
        alpha: 0.01,
        sampleRate: 1,
        forecast: {
          requestsPerSecond: 50,
          subjectsPerWindow: 160,
          sentence:
            'At 50 requests a second about 40 customers see it first; a harmless change reaches 99 % in about 10 min.',
          stages: stages
            .map((stage, i) => ({
              share: stage.share,
              expectedMs: [110, 200, 260, 300][i] ?? 300,
              smallestRatio: 4,
              harmedUntilSeen: 4,
            }))
            .map((stage) => ({ ...stage, expectedMs: stage.expectedMs * 1_000 })),
          cannotSee: [],
        },
      },
    },
    at(firstAgo + 0.1),
  )
  for (const [index, ago] of rollout.stagesAgo.entries()) {
    const stage = index + 1
    const share = stages[index]?.share ?? 0
    const shareBefore = stages[index - 1]?.share ?? 0
    await journal.append(
      { change, type: 'exposing', actor: 'watcher', data: { stage, share, shareBefore } },
      at(ago + 0.01),
    )
    await journal.append({ change, type: 'exposed', actor: 'watcher', data: { stage, share } }, at(ago))
  }
  return { change, goId: started.id }
}

/** The evidence window by window, growing to `last`. */
export async function judged(
  house: House,
  go: { change: ChangeId; goId: bigint },
  last: Reading,
  windows: number,
): Promise<void> {
  for (let i = 0; i < windows; i += 1) {
    const share = (i + 1) / windows
    await house.pool.query(
      `insert into sankofa.judged_window (go_id, window_start, change_id, stage, verdict, log_evidence, reading)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        go.goId,
        new Date(house.nowMs - (windows - i) * windowMs),
        go.change,
        last.stage,
        last.verdict,
        last.logEvidence * share ** 2,
        JSON.stringify(last),
      ],
    )
  }
}

export const openHouse = (pool: pg.Pool, nowMs: number): House => ({ pool, journal: openJournal(pool), nowMs })
