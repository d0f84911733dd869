import type { ChangeId } from '../core/index.ts'
import type { Guard, JudgeWindow } from '../judge/index.ts'

/** Windows are 10 s, aligned to the clock: `startMs % windowMs === 0`. */
export const windowMs = 10_000

/** What the last hour looked like, from both arms pooled: the ground that a go stands on. */
export type Baseline = {
  readonly requestsPerSecond: number
  /** Active subjects in a window, mean. */
  readonly subjectsPerWindow: number
  /** Distinct subjects an hour; estimated where less than an hour was measured. */
  readonly subjects: number
  /** How much of the last hour was measured. */
  readonly measuredMs?: number
  /** Subjects per second who fail for the first time in their session, all guards of measure `errors`. */
  readonly firstFailuresPerSecond: number
  readonly routes: readonly {
    readonly route: string
    readonly requests: number
    readonly errorShare: number
    /** Upper edge in µs of the bucket that holds the quantile; absent below 300 requests. */
    readonly thresholdsUs?: { readonly p75: number; readonly p90: number; readonly p95: number; readonly p99: number }
  }[]
}

export type NewErrorKind = {
  readonly fingerprint: string
  readonly route: string
  readonly name: string
  readonly exposedSubjects: number
  readonly controlSubjects: number
}

/** One window of one stage, whole: every live process has reported, or its time was up. */
export type ClosedWindow = JudgeWindow & { readonly stage: number; readonly newErrorKinds: readonly NewErrorKind[] }

export type Liveness = {
  /** Processes that reported in the last 10 minutes, with the age of their newest report in ms. */
  readonly processes: readonly {
    readonly processId: string
    readonly service: string
    readonly ageMs: number
    readonly stopped: boolean
  }[]
  /** Requests in the newest closed 2 minutes, and how many were expected there from the half hour before. */
  readonly requests: number
  readonly expected: number
}

/** What a rollout needs to know of the world. The real one reads PostgreSQL; a simulation implements it too. */
export interface Measurement {
  baseline(nowMs: number): Promise<Baseline>
  openWatch(goId: bigint, change: ChangeId, guards: readonly Guard[], sampleRate: number): Promise<void>
  closeWatch(goId: bigint): Promise<void>
  /** Windows that became whole since the last call, oldest first; marks them judged. */
  newWindows(goId: bigint, nowMs: number): Promise<readonly ClosedWindow[]>
  /** Exactly the windows that were returned before, for a restart. */
  judgedWindows(goId: bigint): Promise<readonly ClosedWindow[]>
  liveness(nowMs: number): Promise<Liveness>
  /** Requests and failures per window, by whether the route is touched by the change; for changes without a control. */
  totals(fromMs: number, toMs: number, touchedRoutes: readonly string[]): Promise<readonly WindowTotals[]>
}

export type WindowTotals = {
  readonly startMs: number
  readonly touched: { readonly n: number; readonly errors: number }
  readonly untouched: { readonly n: number; readonly errors: number }
}
