import { buildGuards } from '../guards.ts'
import { createJudge, type JudgeOptions } from '../judge.ts'
import { defaultStages } from '../stages.ts'
import { type Guard, type JudgePlan, type Reading, windowMs } from '../types.ts'
import type { ChangeInWindow, WorldExposure } from './change-in-world.ts'
import type { Effect } from './effect.ts'
import { checkoutAttempt } from './mix.ts'
import type { World, WorldBaseline } from './world.ts'

/** One change going out in a world, judged window by window, without journal or processes. */
export type RolloutOptions = {
  readonly salt: string
  readonly effect?: Effect
  readonly alpha?: number
  /** Of the plan, where the defaults for the traffic are not wanted. */
  readonly guards?: readonly Guard[]
  readonly stages?: JudgePlan['stages']
  /** Windows without the change, before `go`. */
  readonly windowsBefore?: number
  readonly untilMs: number
  readonly judge?: JudgeOptions
  readonly sampleRate?: number
  /** Sees each window as the judge does, for methods that run beside it. */
  readonly onWindow?: (window: ChangeInWindow, startMs: number) => void
  /** Goes on to the end even when the judge would undo: for methods that run beside it. */
  readonly ignoreUndo?: boolean
  /** Leaves each stage after this time instead of by evidence. */
  readonly stageMs?: readonly number[]
}

export type RolloutResult = {
  readonly outcome: 'undone' | 'finished' | 'open'
  /** From `go` to the verdict, or to the end. */
  readonly seconds: number
  /** Stage that it ended in, 1-based. */
  readonly stage: number
  /** From `go` until each later stage began. */
  readonly stageSeconds: readonly number[]
  /** Customers who met a failure that the change caused, until 3 s after the verdict. */
  readonly harmed: number
  readonly exposed: number
  /** When the judge first said "undo", also where it was not heeded. */
  readonly alarmSeconds: number | undefined
  readonly reading: Reading | undefined
}

const reactionMs = 3_000

export function planFor(baseline: WorldBaseline, alpha = 0.01): JudgePlan {
  return {
    stages: defaultStages(baseline.requestsPerSecond, baseline.subjects),
    guards: buildGuards({ routes: baseline.routes, attempts: [checkoutAttempt] }),
    alpha,
  }
}

export function simulateRollout(world: World, options: RolloutOptions): RolloutResult {
  const usual = planFor(world.baseline(), options.alpha)
  const plan = { ...usual, guards: options.guards ?? usual.guards, stages: options.stages ?? usual.stages }
  const judge = createJudge(plan, undefined, options.judge)
  const goMs = (options.windowsBefore ?? 0) * windowMs
  const exposureAt = (stage: number): WorldExposure => ({
    goId: 1n,
    salt: options.salt,
    stage,
    share: plan.stages[stage - 1]?.share ?? 0,
    shareBefore: plan.stages[stage - 2]?.share ?? 0,
    effect: options.effect ?? {},
    guards: plan.guards,
    sampleRate: options.sampleRate ?? 1,
  })
  for (let startMs = 0; startMs < goMs; startMs += windowMs) world.window({ startMs, exposures: [] })

  let stage = 1
  let stageStartMs = goMs
  let reading: Reading | undefined
  let alarmSeconds: number | undefined
  const stageSeconds: number[] = []
  let truth = { customersHarmed: 0, customersExposed: 0 }
  const end = (outcome: RolloutResult['outcome'], atMs: number): RolloutResult => ({
    outcome,
    seconds: (atMs - goMs) / 1_000,
    stage,
    stageSeconds,
    harmed: truth.customersHarmed,
    exposed: truth.customersExposed,
    alarmSeconds,
    reading,
  })
  judge.beginStage(1, goMs)
  for (let startMs = goMs; startMs < goMs + options.untilMs; startMs += windowMs) {
    const seen = world.window({ startMs, exposures: [exposureAt(stage)] }).changes.get(1n)
    if (seen === undefined) throw new Error('The world does not report the change.')
    truth = seen
    options.onWindow?.(seen, startMs)
    reading = judge.window({ startMs, subjects: seen.subjects })
    const nowMs = startMs + windowMs
    if (reading.verdict === 'undo') alarmSeconds ??= (nowMs - goMs) / 1_000
    if (reading.verdict === 'undo' && options.ignoreUndo !== true) {
      const last = { ...exposureAt(stage), exposedUntilMs: nowMs + reactionMs }
      truth = world.window({ startMs: nowMs, exposures: [last] }).changes.get(1n) ?? truth
      return end('undone', nowMs)
    }
    const leaveAfterMs = options.stageMs?.[stage - 1]
    const leaves = leaveAfterMs === undefined ? reading.verdict === 'promote' : nowMs - stageStartMs >= leaveAfterMs
    if (!leaves) continue
    if (stage === plan.stages.length) return end('finished', nowMs)
    stage++
    stageStartMs = nowMs
    stageSeconds.push((nowMs - goMs) / 1_000)
    judge.beginStage(stage, nowMs)
  }
  return end('open', goMs + options.untilMs)
}
