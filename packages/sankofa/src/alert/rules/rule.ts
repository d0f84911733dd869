export const ruleNames = ['cpu', 'memory', 'disk', 'errors', 'event-loop', 'measurement'] as const
export type RuleName = (typeof ruleNames)[number]

/** A condition on one signal, with two levels: it begins beyond `enter` and ends only within `exit`. */
export type Rule = {
  readonly name: RuleName
  /** What is wrong, for a subject line. */
  readonly title: string
  readonly worse: 'above' | 'below'
  readonly enter: number
  readonly exit: number
  /** How long it must be beyond `enter` before anyone is told. */
  readonly forMs: number
  /** How long it must be within `exit` before it counts as over; doubled each time that it comes back soon. */
  readonly clearMs: number
  /** Without a sample for this long, nothing is known. */
  readonly missingMs: number
  readonly unit: 'share' | 'ms' | 's'
  /** What to look at first. */
  readonly advice: string
}

export const ruleStates = ['ok', 'pending', 'firing', 'recovering', 'unknown'] as const

/** Plain JSON: it survives a restart in `sankofa.rule_state`. */
export type RuleState = {
  readonly state: (typeof ruleStates)[number]
  readonly sinceMs: number
  /** The newest sample, and when it came. */
  readonly value: number | undefined
  readonly seenMs: number | undefined
  /** People were told that it began, and not yet that it is over. */
  readonly open: boolean
  /** How often it came back soon after it was over. */
  readonly flaps: number
  readonly overAtMs: number | undefined
}

export type RuleStep = { readonly state: RuleState; readonly tell: 'began' | 'over' | undefined }

export const newRuleState = (nowMs: number): RuleState => ({
  state: 'unknown',
  sinceMs: nowMs,
  value: undefined,
  seenMs: undefined,
  open: false,
  flaps: 0,
  overAtMs: undefined,
})

const longestClearMs = 60 * 60_000

/** How long it must stay within `exit` now: a condition that keeps coming back must be quiet for longer. */
export const clearTimeMs = (rule: Rule, flaps: number): number =>
  Math.max(rule.clearMs, Math.min(rule.clearMs * 2 ** Math.min(flaps, 30), longestClearMs))

/**
 * The next state of a rule. Pure. Missing data leads to `unknown` and never to `over`: what was told as begun stays
 * open until samples show for the whole clear time that it is over.
 *
 * @param sample - `undefined` when there is none
 */
export function stepRule(rule: Rule, before: RuleState, sample: number | undefined, nowMs: number): RuleStep {
  if (sample === undefined) return { state: withoutSample(rule, before, nowMs), tell: undefined }
  // After a gap the time before it proves nothing: durations begin again.
  const gap = before.seenMs === undefined || nowMs - before.seenMs > rule.missingMs
  const sinceMs = gap ? nowMs : Math.min(before.sinceMs, nowMs)
  const state = { ...before, sinceMs, value: sample, seenMs: nowMs }
  return before.open ? stepOpen(rule, state, sample, nowMs) : stepQuiet(rule, state, sample, nowMs)
}

function withoutSample(rule: Rule, before: RuleState, nowMs: number): RuleState {
  const missing = before.seenMs === undefined || nowMs - before.seenMs > rule.missingMs
  if (missing) return before.state === 'unknown' ? before : { ...before, state: 'unknown', sinceMs: nowMs }
  // A quiet time with a hole in it is not a quiet time.
  return before.state === 'recovering' ? { ...before, sinceMs: nowMs } : before
}

function stepQuiet(rule: Rule, state: RuleState, sample: number, nowMs: number): RuleStep {
  if (!isBeyond(rule, sample)) return { state: entering(state, 'ok', nowMs), tell: undefined }
  const pending = entering(state, 'pending', nowMs)
  if (nowMs - pending.sinceMs < rule.forMs) return { state: pending, tell: undefined }
  const soon = state.overAtMs !== undefined && nowMs - state.overAtMs < 4 * clearTimeMs(rule, state.flaps)
  return {
    state: { ...entering(state, 'firing', nowMs), open: true, flaps: soon ? state.flaps + 1 : 0 },
    tell: 'began',
  }
}

function stepOpen(rule: Rule, state: RuleState, sample: number, nowMs: number): RuleStep {
  if (!isWithin(rule, sample)) return { state: entering(state, 'firing', nowMs), tell: undefined }
  const recovering = entering(state, 'recovering', nowMs)
  if (nowMs - recovering.sinceMs < clearTimeMs(rule, state.flaps)) return { state: recovering, tell: undefined }
  return { state: { ...entering(state, 'ok', nowMs), open: false, overAtMs: nowMs }, tell: 'over' }
}

const entering = (state: RuleState, name: RuleState['state'], nowMs: number): RuleState =>
  state.state === name ? state : { ...state, state: name, sinceMs: nowMs }

const isBeyond = (rule: Rule, value: number): boolean =>
  rule.worse === 'above' ? value >= rule.enter : value <= rule.enter
const isWithin = (rule: Rule, value: number): boolean =>
  rule.worse === 'above' ? value <= rule.exit : value >= rule.exit
