/** One thing that must not get worse. A subject fails it at most once in an epoch of a stage. */
export type Guard =
  | { readonly id: string; readonly measure: 'errors'; readonly weight: number }
  | { readonly id: string; readonly measure: 'route-errors'; readonly route: string; readonly weight: number }
  | { readonly id: string; readonly measure: 'unanswered'; readonly weight: number }
  | { readonly id: string; readonly measure: 'business'; readonly attempt: string; readonly weight: number }
  | {
      readonly id: string
      readonly measure: 'latency'
      readonly quantile: number
      /** Upper edge in µs of the histogram bucket that held the quantile before `go`, by route. Slower = above it. */
      readonly thresholdsUs: Readonly<Record<string, number>>
      readonly weight: number
      /**
       * Judged only in stages at which at least this share is exposed. A process of its own that gets few requests is slower
       * than a busy one, whatever its code: cold caches, code not yet compiled.
       */
      readonly fromShare?: number
      /** Nor before the stage is so old: until then the processes get used to their new load. */
      readonly warmUpMs?: number
    }

/** Windows are 10 s, aligned to the clock: `startMs % windowMs === 0`. */
export const windowMs = 10_000

/** At most 30 guards: their failures travel as bits of one number. */
export const maximumGuards = 30

export type Stage = {
  /** Exposed share after this stage has begun, in (0, 1). */
  readonly share: number
  /** The odds ratio that must be ruled out before the next stage; `undefined` at the last, which is left by time. */
  readonly ruleOutRatio: number | undefined
  /** The excess of failures per subject and window whose exclusion is the other way to leave. */
  readonly ruleOutExcess: number | undefined
  readonly minimumMs: number
}

export type JudgePlan = {
  readonly stages: readonly Stage[]
  readonly guards: readonly Guard[]
  /** Chance that a harmless change is undone, over the whole rollout and any number of looks; 0.01 is one in a hundred. */
  readonly alpha: number
}

/** One active subject in one window of one stage; several processes' reports are merged by OR. */
export type SubjectInWindow = {
  /** Keyed hash, 16 hex digits. */
  readonly subject: string
  readonly exposed: boolean
  /** u ≥ the share of the stage before: takes part in this stage's fresh comparison. */
  readonly fresh: boolean
  /** Bit i is set when the subject failed guard i of the plan in this window. */
  readonly failed: number
}

export type JudgeWindow = {
  readonly startMs: number
  readonly subjects: readonly SubjectInWindow[]
}

export type GuardReading = {
  readonly guard: string
  /** ln of the weighted e-value, larger of the two readings; undone at ln(1/alpha). */
  readonly logEvidence: number
  /** First failures in this stage, by arm, and the subjects at risk seen so far. */
  readonly exposed: { readonly subjects: number; readonly failures: number }
  readonly control: { readonly subjects: number; readonly failures: number }
  /** ln of the promotion evidence; clear at ln 20; `undefined` when this guard does not gate promotion. */
  readonly logClear: number | undefined
  /**
   * Only without randomised subjects, where one watch may be blind to what another sees: would this one agree by now, if
   * the harm that the leading one sees were the change's? Where it would not, its silence says nothing.
   */
  readonly couldSee?: boolean
}

/** What the judge says after a window. Plain JSON. */
export type Reading = {
  readonly verdict: 'continue' | 'promote' | 'undo'
  readonly stage: number
  readonly logEvidence: number
  readonly threshold: number
  /** The guard (or `sample-ratio`) that holds the largest evidence. */
  readonly leading: string
  readonly guards: readonly GuardReading[]
  /** Exposed subjects who failed the leading guard since `go`. */
  readonly subjectsHarmed: number
  /** What the verdict rests on, where subjects were not drawn at random; then `threshold` promises less. */
  readonly assumption?: string
  readonly sampleRatio: { readonly exposed: number; readonly control: number; readonly logEvidence: number }
}
