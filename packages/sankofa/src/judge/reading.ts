import { logOfAll, logOfFresh } from './guard-evidence.ts'
import { isJudgedAt } from './guards.ts'
import type { JudgeState } from './judge-state.ts'
import { logZero } from './log-sum.ts'
import { logClearAt, logClearing } from './promotion.ts'
import { stageWeights } from './stage-weights.ts'
import type { Guard, GuardReading, JudgePlan, Reading } from './types.ts'

/** Prior weight of the sample ratio among the guards. */
export const sampleRatioWeight = 0.05
/** How the two readings of a guard share its weight. */
const freshWeight = 0.9
const allWeight = 0.1

/** While it is ten to one that exposed subjects are lost, or come too often, the share is not raised. */
const logDoubt = Math.log(10)

/** The guards that a stage is left by; the others can only undo. */
export const gatesPromotion = (guard: Guard): boolean =>
  guard.measure === 'errors' ||
  guard.measure === 'unanswered' ||
  guard.measure === 'business' ||
  (guard.measure === 'latency' && guard.quantile === 0.9)

/** What the evidence says now. */
export function readState(state: JudgeState, plan: JudgePlan): Reading {
  const weightToCome = stageWeights(plan.stages.length)
    .slice(state.stage)
    .reduce((sum, weight) => sum + weight, 0)
  const guards = plan.guards.map((guard, index) => readGuard(state, plan, guard, index, weightToCome))
  const ofRatio = logOfSampleRatio(state, plan)
  const worst = guards.reduce<GuardReading | undefined>(
    (best, guard) => (best === undefined || guard.logEvidence > best.logEvidence ? guard : best),
    undefined,
  )
  const byRatio = worst === undefined || ofRatio > worst.logEvidence
  const logEvidence = byRatio ? ofRatio : worst.logEvidence
  const threshold = Math.log(1 / plan.alpha)
  return {
    verdict: logEvidence >= threshold ? 'undo' : mayLeave(state, plan, guards) ? 'promote' : 'continue',
    stage: state.stage,
    logEvidence,
    threshold,
    leading: byRatio ? 'sample-ratio' : worst.guard,
    guards,
    subjectsHarmed: byRatio ? 0 : (state.guards[guards.indexOf(worst)]?.harmed ?? 0),
    sampleRatio: { exposed: state.sampleRatio.exposed, control: state.sampleRatio.control, logEvidence: ofRatio },
  }
}

function readGuard(
  state: JudgeState,
  plan: JudgePlan,
  guard: Guard,
  index: number,
  weightToCome: number,
): GuardReading {
  const evidence = state.guards[index]
  const clearing = state.clearings[index]
  const fresh = evidence === undefined ? logZero : logOfFresh(evidence, state.epoch, weightToCome)
  const all = evidence === undefined || state.stage < 2 ? logZero : logOfAll(evidence, state.epoch)
  const stage = plan.stages[state.stage - 1]
  const gates =
    gatesPromotion(guard) &&
    stage?.ruleOutRatio !== undefined &&
    isJudgedAt(guard, stage.share, Number.POSITIVE_INFINITY)
  return {
    guard: guard.id,
    logEvidence: Math.max(
      Math.log(freshWeight * guard.weight) + fresh,
      // Stages from the second on share this reading's weight.
      Math.log((allWeight * guard.weight) / Math.max(plan.stages.length - 1, 1)) + all,
    ),
    exposed: { subjects: state.exposedSubjects, failures: evidence?.exposedFailures ?? 0 },
    control: { subjects: state.controlSubjects, failures: evidence?.controlFailures ?? 0 },
    logClear: gates && clearing !== undefined ? logClearing(clearing) : undefined,
  }
}

function logOfSampleRatio(state: JudgeState, plan: JudgePlan): number {
  const weight = stageWeights(plan.stages.length)[state.stage - 1] ?? 0
  return Math.log(sampleRatioWeight * weight) + state.sampleRatio.logEvidence
}

function mayLeave(state: JudgeState, plan: JudgePlan, guards: readonly GuardReading[]): boolean {
  const stage = plan.stages[state.stage - 1]
  if (state.sampleRatio.logEvidence > logDoubt) return false
  if (stage === undefined || state.judgedUntilMs - state.stageStartMs < stage.minimumMs) return false
  return guards.every((guard) => guard.logClear === undefined || guard.logClear >= logClearAt)
}
