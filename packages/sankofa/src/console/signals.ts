import type { SignalStatus } from './contract.ts'
import type { Measured, Step } from './measured.ts'
import { money, percent } from './words.ts'

/** What was measured in the last five minutes, and in each five of the hour before. */
export type Stretch = {
  readonly now: Step
  readonly before: readonly Step[]
  readonly attempt: string | undefined
  readonly currency: string | undefined
}

export const signalStepS = 300
export const stepsBefore = 12
/** So many steps of the hour before must have been busy before what is usual counts as known. */
const stepsToLearn = 3
const fewestRequests = 50
const fewestFailures = 5
const fewestAttempts = 20
/** Limits while what is usual is not known: nobody's service is well beyond these. */
const firstLimits = { failed: 0.05, completed: 0.8 } as const

/** The last five minutes, or what has passed of them since `fromS`, beside the hour before. */
export function stretchOf(measured: Measured, toS: number, fromS = toS - signalStepS): Stretch {
  const starts = Array.from({ length: stepsBefore }, (_, i) => toS - signalStepS * (i + 2))
  return {
    now: measured.step(fromS, toS),
    before: starts.map((startS) => measured.step(startS, startS + signalStepS)),
    attempt: measured.attempt(),
    currency: measured.currency(),
  }
}

/** The four signals of the first screen: two technical, two of the business, each against what was usual in the hour before. */
export function fourSignals(stretch: Stretch): readonly SignalStatus[] {
  return [failed(stretch), slow(stretch), completed(stretch), value(stretch)]
}

type Against = { readonly usual: number | null; readonly limit: number | null }

function failed({ now, before }: Stretch): SignalStatus {
  const usual = usualOf(before.map((step) => (step.requests < fewestRequests ? null : step.failures / step.requests)))
  const limit = usual === null ? firstLimits.failed : Math.max(usual * 2, usual + 0.01)
  const share = now.requests === 0 ? null : now.failures / now.requests
  const enough = now.requests >= fewestRequests && now.failures >= fewestFailures
  return {
    name: 'failed',
    audience: 'technical',
    label: 'Requests that failed',
    value: share,
    unit: 'share',
    usual,
    limit,
    worse: 'above',
    state: share === null ? 'unknown' : enough && share > limit ? 'beyond' : 'normal',
    shown: share === null ? '–' : percent(share),
    words: share === null ? 'No request was counted.' : againstWords({ usual, limit }, percent),
  }
}

function slow({ now, before }: Stretch): SignalStatus {
  const usual = usualOf(before.map((step) => (step.requests < fewestRequests ? null : step.p95Ms)))
  const limit = usual === null ? null : Math.max(usual * 1.5, usual + 50)
  const ms = now.p95Ms
  const isBeyond = ms !== null && limit !== null && now.requests >= fewestRequests && ms > limit
  return {
    name: 'slow',
    audience: 'technical',
    label: 'The slowest 1 in 20 wait over',
    value: ms,
    unit: 'ms',
    usual,
    limit,
    worse: 'above',
    state: ms === null ? 'unknown' : limit === null ? 'learning' : isBeyond ? 'beyond' : 'normal',
    shown: ms === null ? '–' : milliseconds(ms),
    words: ms === null ? 'No request was counted.' : againstWords({ usual, limit }, milliseconds),
  }
}

function completed({ now, before, attempt }: Stretch): SignalStatus {
  const name = attempt ?? 'attempt'
  const usual = usualOf(before.map((step) => (step.begun < fewestAttempts ? null : step.completed / step.begun)))
  const limit = usual === null ? firstLimits.completed : usual - Math.max(0.03, 1 - usual)
  const share = now.begun === 0 ? null : now.completed / now.begun
  return {
    name: 'completed',
    audience: 'business',
    label: `${name.charAt(0).toUpperCase()}${name.slice(1)}s completed`,
    value: share,
    unit: 'share',
    usual,
    limit: attempt === undefined ? null : limit,
    worse: 'below',
    state: share === null ? 'unknown' : now.begun >= fewestAttempts && share < limit ? 'beyond' : 'normal',
    shown: share === null ? '–' : percent(share),
    words:
      attempt === undefined
        ? 'The service declares no attempt, such as a checkout.'
        : share === null
          ? `No ${name} was begun.`
          : againstWords({ usual, limit }, percent),
  }
}

function value({ now, before, currency }: Stretch): SignalStatus {
  const base = {
    name: 'value',
    audience: 'business',
    label: 'Paid a minute',
    unit: 'money-per-minute',
    worse: 'below',
  } as const
  if (currency === undefined) {
    return {
      ...base,
      value: null,
      usual: null,
      limit: null,
      state: 'unknown',
      shown: '–',
      words: 'Nothing was paid in the last hour.',
    }
  }
  const perMinute = (step: Step): number => (Number(step.paid) * 60) / step.reportedS
  const show = (minor: number): string => money(BigInt(Math.round(minor)), currency)
  const usual = usualOf(before.map((step) => (step.paid === 0n ? null : perMinute(step))))
  const limit = usual === null ? null : usual / 2
  const paid = now.reportedS === 0 ? null : perMinute(now)
  return {
    ...base,
    value: paid,
    currency,
    usual,
    limit,
    state: paid === null ? 'unknown' : limit === null ? 'learning' : paid < limit ? 'beyond' : 'normal',
    shown: paid === null ? '–' : show(paid),
    words: paid === null ? 'Nothing was measured.' : againstWords({ usual, limit }, show),
  }
}

/** The middle of the hour before. */
function usualOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((each) => each !== null)
  if (known.length < stepsToLearn) return null
  return known.sort((a, b) => a - b)[Math.floor(known.length / 2)] ?? null
}

function againstWords({ usual, limit }: Against, show: (value: number) => string): string {
  if (limit === null) return 'What is usual is being learned.'
  return usual === null
    ? `Limit ${show(limit)} until what is usual is known.`
    : `Usually ${show(usual)}, limit ${show(limit)}.`
}

export const milliseconds = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
