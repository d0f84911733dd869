/** Times of the rollout, ms. Tests shorten some; nothing here is a promise except where the README says so. */
export type Limits = {
  readonly tickMs: number
  readonly leaseTtlMs: number
  readonly renewMs: number
  readonly standbyMs: number
  /** How long a changed share takes to reach every process: what was measured meanwhile is not judged. */
  readonly propagationMs: number
  /** After the end of the bake: its last windows must have come in before the undo is given up. */
  readonly settleLagMs: number
  readonly driftCheckMs: number
  /** Longest wait between two tries of a step that fails. */
  readonly longestRetryMs: number
}

export const defaultLimits: Limits = {
  tickMs: 1_000,
  // A leader that dies is replaced within ttl + standby = 7 s: its successor has 3 s left to make the world right.
  leaseTtlMs: 6_000,
  renewMs: 2_000,
  standbyMs: 1_000,
  propagationMs: 2_000,
  settleLagMs: 15_000,
  driftCheckMs: 10_000,
  longestRetryMs: 30_000,
}

/** Chance that a harmless change is undone, unless the go says otherwise. */
export const defaultAlpha = 0.01
/** More active subjects in a window than this are sampled by a hash of their own. */
export const mostSubjectsPerWindow = 10_000
