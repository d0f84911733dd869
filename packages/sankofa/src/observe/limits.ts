/** What one process may hold; what is beyond is counted in `dropped` and never slows a request. */
export type Limits = {
  /** Route templates; more are counted together as `(overflow)`. */
  readonly routes: number
  /** Cells of arms in one window; cells of all traffic are bounded by the routes. */
  readonly armCells: number
  /** Subjects of one stage of one change in one window. */
  readonly subjectsPerStage: number
  /** Distinct subjects counted in one window. */
  readonly subjects: number
  /** Kinds of error, and names of attempts, in one window. */
  readonly names: number
  /** Windows that wait for PostgreSQL. */
  readonly pendingWindows: number
  readonly pendingBytes: number
}

export const defaultLimits: Limits = {
  routes: 200,
  armCells: 4_000,
  subjectsPerStage: 20_000,
  subjects: 50_000,
  names: 50,
  pendingWindows: 30,
  pendingBytes: 16 * 1024 * 1024,
}

/** No reply after this long is a failure in itself: a hang makes silence, not errors. */
export const unansweredAfterMs = 10_000

/** What could not be kept, by reason. */
export const dropReasons = ['routes', 'cells', 'subjects', 'names', 'windows', 'requests'] as const
export type DropReason = (typeof dropReasons)[number]
export type Dropped = Partial<Record<DropReason, number>>

export function addDropped(into: Dropped, more: Readonly<Dropped>): void {
  for (const reason of dropReasons) {
    const n = more[reason]
    if (n !== undefined && n > 0) into[reason] = (into[reason] ?? 0) + n
  }
}
