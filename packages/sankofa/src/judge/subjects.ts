import type { JudgeWindow } from './types.ts'

/** What the judge keeps of one subject. Bit i of a failure set is guard i. */
export type SubjectState = {
  /** The epoch that `tenure` and `failed` belong to: a running number over all stages. */
  era: number
  /** Windows of the epoch in which the subject was active before this one. */
  tenure: number
  failed: number
  /** The last stage that the subject was seen in. */
  stage: number
  /** Guards failed while exposed, since `go`. */
  harmed: number
}

/** A subject's part in the present window. */
export type Active = {
  readonly state: SubjectState
  exposed: boolean
  fresh: boolean
  failed: number
  /** Not seen in this stage before. */
  readonly newcomer: boolean
}

/**
 * The subjects of a window, each once, with their states brought to the present epoch. Reports of several processes
 * are merged by OR, in any order.
 */
export function activeIn(
  window: JudgeWindow,
  known: Map<string, SubjectState>,
  now: { readonly stage: number; readonly era: number },
): readonly Active[] {
  const active: Active[] = []
  const seen = new Map<SubjectState, Active>()
  for (const report of window.subjects) {
    let state = known.get(report.subject)
    if (state === undefined) {
      state = { era: now.era, tenure: 0, failed: 0, stage: 0, harmed: 0 }
      known.set(report.subject, state)
    }
    const before = seen.get(state)
    if (before !== undefined) {
      before.exposed ||= report.exposed
      before.fresh ||= report.fresh
      before.failed |= report.failed
      continue
    }
    if (state.era !== now.era) {
      state.era = now.era
      state.tenure = 0
      state.failed = 0
    }
    const newcomer = state.stage !== now.stage
    state.stage = now.stage
    const entry = { state, exposed: report.exposed, fresh: report.fresh, failed: report.failed, newcomer }
    seen.set(state, entry)
    active.push(entry)
  }
  return active
}
