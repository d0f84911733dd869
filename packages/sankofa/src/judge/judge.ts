import { epochAt } from './epoch.ts'
import { addStratum, beginEpoch, beginStageOf } from './guard-evidence.ts'
import { isJudgedAt } from './guards.ts'
import { emptyState, fromSnapshot, type JudgeSnapshot, type JudgeState, takeSnapshot } from './judge-state.ts'
import { addClearing, emptyClearing } from './promotion.ts'
import { gatesPromotion, readState } from './reading.ts'
import { addNewcomers, emptySampleRatio } from './sample-ratio.ts'
import { stageWeights } from './stage-weights.ts'
import { activeIn, type SubjectState } from './subjects.ts'
import { strata } from './tenure.ts'
import { type JudgePlan, type JudgeWindow, maximumGuards, type Reading, type Stage, windowMs } from './types.ts'
import { count, createCounts, stratumCounts, type WindowCounts } from './window-counts.ts'

/** Judges one `go` of one change. No I/O, no clock: the same windows give the same evidence, to the bit. */
export type Judge = {
  /** Starts a stage, 1-based. Beginning the present stage again changes nothing. */
  beginStage(stage: number, atMs: number): void
  /** Reads one window of the present stage, oldest first. A window that was read before changes nothing. */
  window(window: JudgeWindow): Reading
  snapshot(): JudgeSnapshot
}

/** @internal Only to show in a test that the level breaks without tenure strata. */
export type JudgeOptions = { readonly withoutTenureStrata?: boolean }

/**
 * A judge that has seen nothing, or what `snapshot` holds.
 *
 * A change that does nothing to anyone is undone with probability of at most `plan.alpha`, however often it is asked.
 *
 * @throws RangeError for a plan without stages or with more than 30 guards
 */
export function createJudge(plan: JudgePlan, snapshot?: JudgeSnapshot, options: JudgeOptions = {}): Judge {
  if (plan.stages.length === 0) throw new RangeError('A plan needs at least one stage; this one has none.')
  if (plan.guards.length > maximumGuards) {
    throw new RangeError(
      `A plan has at most ${maximumGuards} guards; this one has ${plan.guards.length}. Leave routes out.`,
    )
  }
  const state = snapshot === undefined ? emptyState(plan) : fromSnapshot(snapshot)
  const counts = createCounts(plan.guards.length)
  return {
    beginStage: (stage, atMs) => beginStage(state, plan, stage, atMs),
    window: (window) => {
      if (state.stage === 0) beginStage(state, plan, 1, window.startMs)
      if (window.startMs >= state.judgedUntilMs) {
        const active = enterWindow(state, plan, window)
        count(counts, active, options.withoutTenureStrata !== true)
        weighGuards(state, plan, counts)
        leaveWindow(state, active)
      }
      return readState(state, plan)
    },
    snapshot: () => takeSnapshot(state),
  }
}

/** The stage, the share drawn among its fresh subjects, and its share of all. */
function drawnAt(plan: JudgePlan, stage: number): { stage: Stage; fresh: number; all: number } {
  const now = plan.stages[stage - 1]
  if (now === undefined) throw new RangeError(`Stage ${stage} is asked for, but the plan has ${plan.stages.length}.`)
  const before = plan.stages[stage - 2]?.share ?? 0
  return { stage: now, fresh: (now.share - before) / (1 - before), all: now.share }
}

function beginStage(state: JudgeState, plan: JudgePlan, stage: number, atMs: number): void {
  drawnAt(plan, stage)
  if (stage <= state.stage) return
  const weights = stageWeights(plan.stages.length)
  for (let next = state.stage + 1; next <= stage; next++) {
    for (const evidence of state.guards) beginStageOf(evidence, state.epoch, weights[next - 1] ?? 0)
    state.epoch = 0
  }
  state.stage = stage
  state.stageStartMs = atMs
  state.judgedUntilMs = atMs - windowMs
  state.era++
  state.exposedSubjects = 0
  state.controlSubjects = 0
  state.clearings = plan.guards.map(emptyClearing)
  state.sampleRatio = emptySampleRatio()
}

function enterWindow(state: JudgeState, plan: JudgePlan, window: JudgeWindow): readonly SubjectState[] {
  const epoch = epochAt(window.startMs - state.stageStartMs)
  for (; state.epoch < epoch; state.epoch++) {
    for (const evidence of state.guards) beginEpoch(evidence, state.epoch)
    state.era++
  }
  state.judgedUntilMs = window.startMs + windowMs
  const active = activeIn(window, state.subjects, state)
  const newcomers = { exposed: 0, control: 0 }
  for (const { newcomer, exposed, fresh } of active) {
    if (!newcomer) continue
    if (exposed) state.exposedSubjects++
    else state.controlSubjects++
    if (fresh) newcomers[exposed ? 'exposed' : 'control']++
  }
  addNewcomers(state.sampleRatio, newcomers.exposed, newcomers.control, drawnAt(plan, state.stage).fresh)
  return active
}

function weighGuards(state: JudgeState, plan: JudgePlan, counts: WindowCounts): void {
  const drawn = drawnAt(plan, state.stage)
  const ageMs = state.judgedUntilMs - windowMs - state.stageStartMs
  plan.guards.forEach((guard, index) => {
    const evidence = state.guards[index]
    const clearing = state.clearings[index]
    if (evidence === undefined || clearing === undefined || !isJudgedAt(guard, drawn.stage.share, ageMs)) return
    const all = { exposed: 0, control: 0, exposedFailures: 0, controlFailures: 0 }
    for (let stratum = 0; stratum < strata; stratum++) {
      const ofAll = stratumCounts(counts, 'all', index, stratum)
      addStratum(evidence.fresh, stratumCounts(counts, 'fresh', index, stratum), drawn.fresh)
      // In the first stage all are fresh: the second reading would say the same again.
      if (state.stage > 1) addStratum(evidence.all, ofAll, drawn.all)
      all.exposed += ofAll.exposed
      all.control += ofAll.control
      all.exposedFailures += ofAll.exposedFailures
      all.controlFailures += ofAll.failures - ofAll.exposedFailures
    }
    evidence.exposedFailures += all.exposedFailures
    evidence.controlFailures += all.controlFailures
    if (gatesPromotion(guard)) addClearing(clearing, all, drawn.stage)
  })
}

function leaveWindow(state: JudgeState, active: readonly SubjectState[]): void {
  for (const subject of active) {
    const newlyHarmed = subject.exposed ? subject.failsNow & ~subject.harmed : 0
    for (let rest = newlyHarmed; rest !== 0; rest &= rest - 1) {
      const evidence = state.guards[31 - Math.clz32(rest & -rest)]
      if (evidence !== undefined) evidence.harmed++
    }
    subject.harmed |= newlyHarmed
    subject.failed |= subject.failsNow
    subject.tenure++
  }
}
