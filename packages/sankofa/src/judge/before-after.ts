import { ratios } from './factor.ts'
import { logNormalisers } from './fisher.ts'
import { logMeanExp, logZero } from './log-sum.ts'
import { logClearAt } from './promotion.ts'
import { lowerShare, upperShare } from './rate-limits.ts'
import { type GuardReading, type Reading, windowMs } from './types.ts'
import { allegedShare, couldSeeAfter, couldSeeTouched } from './watch-power.ts'

export type Requests = { readonly n: number; readonly errors: number }

/** Requests of one window, by whether their route is touched by the change. */
export type TouchedWindow = { readonly startMs: number; readonly touched: Requests; readonly untouched: Requests }

export type BeforeAfterPlan = {
  /** The hour before, whole. */
  readonly before: { readonly touched: Requests; readonly untouched: Requests }
  readonly alpha: number
  /** The share of failures may grow to this factor by itself; 1.5 when absent. */
  readonly tolerance?: number
  /** A change that is not clear is watched at least this long. */
  readonly minimumMs: number
}

export type BeforeAfterJudge = {
  /** Reads one window, oldest first; one that was read before changes nothing. */
  window(window: TouchedWindow): Reading
}

/** A growth that must be ruled out before the change is left alone, beyond the tolerance. */
const ruledOutGrowth = 2
/** α is spent by quarters: one on the limits from before, three on the watch. */
const ofLimits = 1 / 4
const ofWatch = 3 / 4

/**
 * Judges a change that has no control: everyone meets it at once. Two watches share α: failures after against before,
 * with a tolerance, and touched routes against the rest. The reading prints what it assumes, because α holds only then:
 * requests are counted, and they are not independent of one another.
 */
export function createBeforeAfterJudge(plan: BeforeAfterPlan): BeforeAfterJudge {
  const { before } = plan
  const tolerance = plan.tolerance ?? 1.5
  const level = (plan.alpha / 2) * ofLimits
  const expected = Math.min(tolerance * upperShare(before.touched.errors, before.touched.n, level), 1)
  const oddsBefore = upperOdds(before, level / 2)
  const state = {
    startMs: undefined as number | undefined,
    untilMs: Number.NEGATIVE_INFINITY,
    touched: { n: 0, errors: 0 },
    untouched: { n: 0, errors: 0 },
    logAfter: ratios.map(() => 0),
    logTouched: ratios.map(() => 0),
  }

  const add = (window: TouchedWindow): void => {
    state.startMs ??= window.startMs
    state.untilMs = window.startMs + windowMs
    addRequests(state.touched, window.touched)
    addRequests(state.untouched, window.untouched)
    if (before.touched.n > 0) addAfter(state.logAfter, window.touched, expected)
    if (Number.isFinite(oddsBefore)) addTouched(state.logTouched, window, oddsBefore)
  }

  const read = (): Reading => {
    const weight = Math.log(ofWatch / 2)
    const watches: readonly [GuardReading, GuardReading] = [
      {
        guard: 'after against before',
        logEvidence: weight + logMeanExp(state.logAfter),
        exposed: { subjects: state.touched.n, failures: state.touched.errors },
        control: { subjects: before.touched.n, failures: before.touched.errors },
        logClear: logCleared(state.touched, before.touched, expected),
      },
      {
        guard: 'touched against untouched',
        logEvidence: weight + logMeanExp(state.logTouched),
        exposed: { subjects: state.touched.n, failures: state.touched.errors },
        control: { subjects: state.untouched.n, failures: state.untouched.errors },
        logClear: undefined,
      },
    ]
    const [after, touched] = watches
    const leading = touched.logEvidence > after.logEvidence ? touched : after
    const { logEvidence } = leading
    const harmed = allegedShare(leading === after ? 'before' : 'untouched', before, state)
    const seesAfter = before.touched.n > 0 && couldSeeAfter(state.touched, harmed, expected, weight)
    const guards: readonly GuardReading[] = [
      { ...after, couldSee: seesAfter },
      { ...touched, couldSee: couldSeeTouched(state, before, harmed, oddsBefore, weight) },
    ]
    const threshold = Math.log(1 / plan.alpha)
    const watchedMs = state.startMs === undefined ? 0 : state.untilMs - state.startMs
    const clear = watchedMs >= plan.minimumMs && (after.logClear ?? logZero) >= logClearAt
    return {
      verdict: logEvidence >= threshold ? 'undo' : clear ? 'promote' : 'continue',
      stage: 1,
      logEvidence,
      threshold,
      leading: leading.guard,
      guards,
      subjectsHarmed: 0,
      sampleRatio: { exposed: 0, control: 0, logEvidence: logZero },
      assumption: assumption(before, tolerance),
    }
  }

  return {
    window: (window) => {
      if (window.startMs >= state.untilMs) add(window)
      return read()
    },
  }
}

function addRequests(total: { n: number; errors: number }, { n, errors }: Requests): void {
  total.n += n
  total.errors += errors
}

/** Poisson: `r^x · exp(−n·p·(r − 1))`. */
function addAfter(logs: number[], { n, errors }: Requests, expected: number): void {
  for (const [i, ratio] of ratios.entries()) {
    logs[i] = (logs[i] ?? 0) + errors * Math.log(ratio) - n * expected * (ratio - 1)
  }
}

/** Fisher, exact: odds ratios beyond what was there before the change. */
function addTouched(logs: number[], { touched, untouched }: TouchedWindow, oddsBefore: number): void {
  const failures = touched.errors + untouched.errors
  if (failures === 0 || touched.n === 0 || untouched.n === 0) return
  const odds = [oddsBefore, ...ratios.map((ratio) => ratio * oddsBefore)]
  const [ofNull = 0, ...ofRatios] = logNormalisers(touched.n, untouched.n, failures, odds)
  for (const [i, ratio] of ratios.entries()) {
    logs[i] = (logs[i] ?? 0) + touched.errors * Math.log(ratio) + ofNull - (ofRatios[i] ?? 0)
  }
}

/** Upper limit of the odds ratio between touched and untouched routes before the change; infinite without failures. */
function upperOdds(before: BeforeAfterPlan['before'], level: number): number {
  const high = upperShare(before.touched.errors, before.touched.n, level)
  const low = lowerShare(before.untouched.errors, before.untouched.n, level)
  return low === 0 || high >= 1 ? Number.POSITIVE_INFINITY : (high / (1 - high)) * ((1 - low) / low)
}

/** ln of the evidence against a share of twice the tolerated one. */
function logCleared(after: Requests, before: Requests, expected: number): number {
  const tooMuch = expected * ruledOutGrowth
  if (before.n === 0) return logZero
  const usual = Math.max(before.errors, 0.5) / Math.max(before.n, 1)
  if (usual >= tooMuch) return logZero
  return after.n * (tooMuch - usual) + after.errors * Math.log(usual / tooMuch)
}

function assumption({ touched, untouched }: BeforeAfterPlan['before'], tolerance: number): string {
  const share = touched.n === 0 ? 'unknown' : `${((100 * touched.errors) / touched.n).toFixed(2)} %`
  return (
    `There is no control. Assumed: requests fail independently of one another, the share of failures (${share} before) ` +
    `would not grow to more than ${tolerance} times by itself, and ` +
    (untouched.errors === 0
      ? 'no comparison with other routes is possible, because none of them failed before.'
      : 'what hurts only the touched routes is the change.')
  )
}
