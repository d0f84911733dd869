import type { JudgeWindow } from './types.ts'

/** What the judge keeps of one subject. Bit i of a set of failures is guard i. */
export type SubjectState = {
  /** The epoch that `tenure` and `failed` belong to: a running number over all stages. */
  era: number
  /** Windows of the epoch in which the subject was active before this one. */
  tenure: number
  /** Guards failed in the epoch before this window. */
  failed: number
  /** The last stage that the subject was seen in. */
  stage: number
  /** Guards failed while exposed, since `go`. */
  harmed: number
  /** The window that the rest belongs to. */
  windowMs: number
  exposed: boolean
  fresh: boolean
  failsNow: number
  /** Not seen in this stage before. */
  newcomer: boolean
}

export const newSubject = (): SubjectState => ({
  era: 0,
  tenure: 0,
  failed: 0,
  stage: 0,
  harmed: 0,
  windowMs: Number.NaN,
  exposed: false,
  fresh: false,
  failsNow: 0,
  newcomer: false,
})

/**
 * The subjects of a window, each once, with their states brought to the present epoch. Reports of several processes
 * are merged by OR, in any order.
 */
export function activeIn(
  window: JudgeWindow,
  known: Map<string, SubjectState>,
  now: { readonly stage: number; readonly era: number },
): readonly SubjectState[] {
  const active: SubjectState[] = []
  for (const report of window.subjects) {
    let subject = known.get(report.subject)
    if (subject === undefined) {
      subject = newSubject()
      known.set(report.subject, subject)
    }
    if (subject.windowMs !== window.startMs) {
      enter(subject, window.startMs, now)
      active.push(subject)
    }
    subject.exposed ||= report.exposed
    subject.fresh ||= report.fresh
    subject.failsNow |= report.failed
  }
  return active
}

function enter(subject: SubjectState, windowMs: number, now: { readonly stage: number; readonly era: number }): void {
  if (subject.era !== now.era) {
    subject.era = now.era
    subject.tenure = 0
    subject.failed = 0
  }
  subject.newcomer = subject.stage !== now.stage
  subject.stage = now.stage
  subject.windowMs = windowMs
  subject.exposed = false
  subject.fresh = false
  subject.failsNow = 0
}
