import type { Before, ChangeKind, ChangeState, Forecast, Pending, RecordData, TouchedRoutes } from '../journal/index.ts'
import { buildGuards, defaultStages, forecast, type Guard, type Stage } from '../judge/index.ts'
import type { Baseline } from '../observe/index.ts'
import type { RolloutContext } from './context.ts'
import { defaultAlpha, mostSubjectsPerWindow } from './limits.ts'

type Plan = Omit<RecordData['started'], 'salt'>

/** Everything of a go that is decided before it starts, and frozen then. */
export async function planGo(
  context: Pick<RolloutContext, 'measurement' | 'attempts' | 'clock'>,
  state: Pick<ChangeState, 'control' | 'plan'>,
  pending: Pick<Pending, 'alpha' | 'bakeMs' | 'unproved'>,
  kind: ChangeKind<unknown>,
): Promise<Plan> {
  const baseline = await context.measurement.baseline(context.clock.now())
  const alpha = pending.alpha ?? defaultAlpha
  const unproved = pending.unproved === undefined ? {} : { unproved: pending.unproved }
  if (state.control === 'none') {
    const stages = withBake([wholeAtOnce], pending.bakeMs)
    const before = await requestsBefore(context, baseline, state.plan, kind)
    const expected = forecastOfAll(baseline, before, stages)
    return { stages, guards: [], alpha, sampleRate: 1, forecast: expected, before, ...unproved }
  }
  const stages = withBake(defaultStages(baseline.requestsPerSecond, baseline.subjects), pending.bakeMs)
  const guards: readonly Guard[] = buildGuards({
    routes: baseline.routes,
    attempts: context.attempts,
    // The two arms are processes of their own: they are compared by speed once both have been busy for a while.
    ...(kind.kind === 'release' ? { latency: { fromShare: 0.5, warmUpMs: 180_000 } } : {}),
  })
  const sampleRate = Math.min(1, mostSubjectsPerWindow / Math.max(baseline.subjectsPerWindow, 1))
  const expected = forecast({ baseline, plan: { stages, guards, alpha } })
  return { stages, guards, alpha, sampleRate, forecast: expected, ...unproved }
}

/** Without a control everyone gets it at once, and it bakes: 5 min, unless the go says otherwise. */
const wholeAtOnce: Stage = { share: 1, ruleOutRatio: undefined, ruleOutExcess: undefined, minimumMs: 300_000 }

function withBake(stages: readonly Stage[], bakeMs: number | undefined): readonly Stage[] {
  const last = stages.at(-1)
  if (bakeMs === undefined || last === undefined) return stages
  return [...stages.slice(0, -1), { ...last, minimumMs: bakeMs }]
}

const hourMs = 3_600_000

/** A kind that does not know what it touches is taken to touch everything: then there is nothing to compare with. */
async function requestsBefore(
  context: Pick<RolloutContext, 'measurement' | 'clock'>,
  baseline: Baseline,
  plan: unknown,
  kind: ChangeKind<unknown>,
): Promise<Before> {
  const touchedRoutes = knowsRoutes(kind) ? await kind.touchedRoutes(plan) : baseline.routes.map(({ route }) => route)
  const nowMs = context.clock.now()
  const windows = await context.measurement.totals(nowMs - hourMs, nowMs, touchedRoutes)
  const sum = (of: 'touched' | 'untouched'): { n: number; errors: number } => ({
    n: windows.reduce((total, window) => total + window[of].n, 0),
    errors: windows.reduce((total, window) => total + window[of].errors, 0),
  })
  return { touchedRoutes, touched: sum('touched'), untouched: sum('untouched') }
}

const knowsRoutes = (kind: ChangeKind<unknown>): kind is ChangeKind<unknown> & TouchedRoutes<unknown> =>
  'touchedRoutes' in kind && typeof kind.touchedRoutes === 'function'

function forecastOfAll(baseline: Baseline, before: Before, stages: readonly Stage[]): Forecast {
  const expectedMs = stages[0]?.minimumMs ?? wholeAtOnce.minimumMs
  const failed = `${before.touched.errors.toLocaleString('en')} of ${before.touched.n.toLocaleString('en')}`
  return {
    requestsPerSecond: baseline.requestsPerSecond,
    subjectsPerWindow: baseline.subjectsPerWindow,
    sentence:
      `Everyone meets it at once, so there is no control: failures after it are compared with the hour before (${failed} requests failed), ` +
      `for ${Math.max(1, Math.round(expectedMs / 60_000))} min at least.`,
    stages: stages.map(({ share }) => ({ share, expectedMs, smallestRatio: undefined })),
    cannotSee: [
      'Whatever else changes at the same moment looks like this change.',
      'Slowness and unfinished business are not judged without a control: watch them on the console.',
    ],
  }
}
