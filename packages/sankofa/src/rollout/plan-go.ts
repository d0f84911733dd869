import type { ChangeState, Pending, RecordData } from '../journal/index.ts'
import { buildGuards, defaultStages, forecast, type Guard, type Stage } from '../judge/index.ts'
import type { Baseline } from '../observe/index.ts'
import type { RolloutContext } from './context.ts'
import { defaultAlpha, mostSubjectsPerWindow } from './limits.ts'

/** Everything of a go that is decided before it starts, and frozen then. */
export async function planGo(
  context: Pick<RolloutContext, 'measurement' | 'attempts' | 'clock'>,
  state: Pick<ChangeState, 'control'>,
  pending: Pick<Pending, 'alpha' | 'bakeMs' | 'unproved'>,
): Promise<Omit<RecordData['started'], 'salt'>> {
  const baseline = await context.measurement.baseline(context.clock.now())
  const stages = stagesFor(state, baseline, pending.bakeMs)
  const guards: readonly Guard[] =
    state.control === 'subjects' ? buildGuards({ routes: baseline.routes, attempts: context.attempts }) : []
  const alpha = pending.alpha ?? defaultAlpha
  return {
    stages,
    guards,
    alpha,
    sampleRate: Math.min(1, mostSubjectsPerWindow / Math.max(baseline.subjectsPerWindow, 1)),
    forecast: forecast({ baseline, plan: { stages, guards, alpha } }),
    ...(pending.unproved === undefined ? {} : { unproved: pending.unproved }),
  }
}

/** Without a control everyone gets it at once, and it bakes: 5 min, unless the go says otherwise. */
const wholeAtOnce: Stage = { share: 1, ruleOutRatio: undefined, ruleOutExcess: undefined, minimumMs: 300_000 }

function stagesFor(
  state: Pick<ChangeState, 'control'>,
  baseline: Baseline,
  bakeMs: number | undefined,
): readonly Stage[] {
  const stages = state.control === 'none' ? [wholeAtOnce] : defaultStages(baseline.requestsPerSecond, baseline.subjects)
  const last = stages.at(-1)
  if (bakeMs === undefined || last === undefined) return stages
  return [...stages.slice(0, -1), { ...last, minimumMs: bakeMs }]
}
