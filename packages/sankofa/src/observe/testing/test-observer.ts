import { createHash } from 'node:crypto'
import type pg from 'pg'
import { pino } from 'pino'
import { type ChangeId, changeId } from '../../core/index.ts'
import type { Guard } from '../../judge/index.ts'
import type { Exposure, Watch } from '../exposure.ts'
import type { Limits } from '../limits.ts'
import { createObserver, type Observer, type RequestEnd } from '../observer.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'

export const testKey = (subject: string): string => createHash('sha256').update(subject).digest('hex').slice(0, 16)

/** A window's start, an hour ago: reports are for the past, and the database's clock says so. */
export const testStartMs = Math.floor(Date.now() / 10_000) * 10_000 - 3_600_000

export const testChange: ChangeId = changeId('new-checkout')
export const testGoId = 7n

export const testGuards: readonly Guard[] = [
  { id: 'errors', measure: 'errors', weight: 0.2 },
  { id: 'route-errors: GET /a', measure: 'route-errors', route: 'GET /a', weight: 0.2 },
  { id: 'unanswered', measure: 'unanswered', weight: 0.08 },
  { id: 'checkout', measure: 'business', attempt: 'checkout', weight: 0.22 },
  { id: 'latency-p90', measure: 'latency', quantile: 0.9, thresholdsUs: { 'GET /a': 20_479 }, weight: 0.06 },
]

export type TestObserver = {
  readonly observer: Observer
  readonly clock: ManualClock
  /** One request from beginning to end. */
  serve(
    request: { route?: string; subject?: string; ms?: number; attempt?: string } & Partial<RequestEnd>,
  ): Promise<void>
}

/** An observer on a clock of its own. Subjects that begin with `x` are exposed, the others control. */
export function testObserver(options: {
  readonly pool: pg.Pool
  readonly limits?: Partial<Limits>
  readonly startMs?: number
  readonly exposures?: (subject: string) => readonly Exposure[]
  readonly watches?: () => ReadonlyMap<bigint, Watch>
  readonly recordStatements?: boolean
}): TestObserver {
  const clock = createManualClock(options.startMs ?? testStartMs)
  const watch: Watch = { guards: testGuards, sampleRate: 1 }
  const observer = createObserver({
    pool: options.pool,
    service: 'test',
    release: 'r1',
    subjectKey: testKey,
    exposures:
      options.exposures ??
      ((subject) => [{ change: testChange, goId: testGoId, stage: 1, exposed: subject.startsWith('x'), fresh: true }]),
    watches: options.watches ?? (() => new Map([[testGoId, watch]])),
    log: pino({ level: 'silent' }),
    clock,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.recordStatements === undefined ? {} : { recordStatements: options.recordStatements }),
  })
  observer.start()
  return {
    observer,
    clock,
    async serve({ route, subject, ms = 0, attempt, status = 200, error }) {
      const request = observer.begin({ requestId: 'id', route: route ?? 'GET /a' })
      if (subject !== undefined) observer.identify(request, subject)
      if (attempt !== undefined) request.attempt(attempt)
      if (ms > 0) await clock.advance(ms)
      observer.end(request, { status, error })
    },
  }
}
