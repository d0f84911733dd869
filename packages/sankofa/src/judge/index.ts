export { unitInterval } from './assignment.ts'
export {
  type BeforeAfterJudge,
  type BeforeAfterPlan,
  createBeforeAfterJudge,
  type Requests,
  type TouchedWindow,
} from './before-after.ts'
export { deadlineFactor, type Forecast, forecast, type Traffic } from './forecast.ts'
export { buildGuards, type RouteBaseline } from './guards.ts'
export { createJudge, type Judge } from './judge.ts'
export type { JudgeSnapshot } from './judge-state.ts'
export { mergeSubjects } from './merge-subjects.ts'
export { kindsToHoldFor, type NewKind } from './new-kind.ts'
export { type Reports, silence } from './silence.ts'
export { defaultStages } from './stages.ts'
export {
  type Guard,
  type GuardReading,
  type JudgePlan,
  type JudgeWindow,
  maximumGuards,
  type Reading,
  type Stage,
  type SubjectInWindow,
  windowMs,
} from './types.ts'
