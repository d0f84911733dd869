import { emptyGuardEvidence, type GuardEvidence } from './guard-evidence.ts'
import { type Clearing, emptyClearing } from './promotion.ts'
import { emptySampleRatio, type SampleRatio } from './sample-ratio.ts'
import { newSubject, type SubjectState } from './subjects.ts'
import type { JudgePlan } from './types.ts'

/** All that a judge knows. */
export type JudgeState = {
  /** 1 is the first; 0 before the first `beginStage`. */
  stage: number
  stageStartMs: number
  epoch: number
  era: number
  /** End of the newest window of the stage. */
  judgedUntilMs: number
  exposedSubjects: number
  controlSubjects: number
  guards: GuardEvidence[]
  /** One a guard; unused where the guard does not gate promotion. */
  clearings: Clearing[]
  sampleRatio: SampleRatio
  readonly subjects: Map<string, SubjectState>
}

/** Everything a judge needs to go on after a restart with identical evidence. Plain JSON. */
export type JudgeSnapshot = Readonly<Omit<JudgeState, 'subjects'>> & {
  /** subject, era, tenure, failed, stage, harmed */
  readonly subjects: readonly (readonly [string, number, number, number, number, number])[]
}

export const emptyState = (plan: JudgePlan): JudgeState => ({
  stage: 0,
  stageStartMs: 0,
  epoch: 0,
  era: 0,
  judgedUntilMs: 0,
  exposedSubjects: 0,
  controlSubjects: 0,
  guards: plan.guards.map(emptyGuardEvidence),
  clearings: plan.guards.map(emptyClearing),
  sampleRatio: emptySampleRatio(),
  subjects: new Map(),
})

export function takeSnapshot(state: JudgeState): JudgeSnapshot {
  const { subjects, ...plain } = state
  return {
    ...structuredClone(plain),
    subjects: [...subjects].map(([id, s]) => [id, s.era, s.tenure, s.failed, s.stage, s.harmed] as const),
  }
}

export function fromSnapshot(snapshot: JudgeSnapshot): JudgeState {
  const { subjects, ...plain } = snapshot
  return {
    ...structuredClone(plain),
    subjects: new Map(
      subjects.map(([id, era, tenure, failed, stage, harmed]) => [
        id,
        { ...newSubject(), era, tenure, failed, stage, harmed },
      ]),
    ),
  }
}
