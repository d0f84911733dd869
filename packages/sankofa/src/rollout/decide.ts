import type { ChangeState, HoldCause } from '../journal/index.ts'
import { deadlineFactor, kindsToHoldFor, type Reading } from '../judge/index.ts'
import { clip } from './clip.ts'
import { explain } from './explain.ts'
import type { Facts } from './facts.ts'

/** What is to be done with a change that is out and has nothing in flight. */
export type Act =
  | {
      readonly act: 'undo'
      readonly cause: 'judge' | 'person' | 'sample-ratio'
      readonly reason: string
      readonly reading?: Reading
    }
  | { readonly act: 'pause'; readonly reason: string }
  | { readonly act: 'unpause' }
  | {
      readonly act: 'hold'
      readonly reason: string
      readonly ask: string
      readonly cause: HoldCause
      readonly fingerprint?: string
    }
  | { readonly act: 'resume'; readonly reason: string; readonly nextStage: boolean }
  | { readonly act: 'expose'; readonly stage: number }
  | { readonly act: 'bake'; readonly untilMs: number }
  | { readonly act: 'settle' }

export type Sight = {
  readonly state: ChangeState
  readonly facts: Facts
  /** Why the exposure must stand at 0. */
  readonly silent: string | undefined
  /** A migration that seems to hurt and that a person must answer for: everything else stands still meanwhile. */
  readonly waitsFor: ChangeState | undefined
  readonly nowMs: number
  readonly settleLagMs: number
}

/** The next act, or `undefined` to wait on. Pure; the order of the lines is the order of what matters. */
export function decide(sight: Sight): Act | undefined {
  const { state, silent } = sight
  return (
    takeBack(sight) ??
    (silent !== undefined && state.paused === undefined && state.stage > 0 && canPause(state)
      ? ({ act: 'pause', reason: silent } as const)
      : undefined) ??
    (silent === undefined && state.paused !== undefined ? ({ act: 'unpause' } as const) : undefined) ??
    hold(sight) ??
    resume(sight) ??
    goOn(sight)
  )
}

/** A schema is not taken back because nobody reports: that would be a second change in the dark. */
const canPause = (state: ChangeState): boolean => state.kind !== 'migration'

/** Undo, where a person asks or the evidence says so; `undefined` else. */
export function takeBack({ state, facts }: Pick<Sight, 'state' | 'facts'>): Act | undefined {
  const { pending } = state
  if (pending?.want === 'back') {
    const reason = clip(`${pending.actor} took it back: ${pending.reason ?? 'no reason given'}`)
    return { act: 'undo', cause: 'person', reason, ...(facts.last === undefined ? {} : { reading: facts.last }) }
  }
  // A person was asked already, because the undo needs one; asking again would be noise.
  if (facts.last?.verdict !== 'undo' || state.held?.cause === 'undo') return undefined
  const cause = facts.last.leading === 'sample-ratio' ? 'sample-ratio' : 'judge'
  return { act: 'undo', cause, reason: explain(facts.last), reading: facts.last }
}

function hold({ state, facts, silent, waitsFor, nowMs }: Sight): Act | undefined {
  if (state.held !== undefined) return undefined
  const { change, pending } = state
  const choose = `Run "sankofa go ${change}" to let it go on, or "sankofa back ${change}" to take it back.`
  if (pending?.want === 'hold') {
    return {
      act: 'hold',
      cause: 'person',
      reason: clip(`${pending.actor}: ${pending.reason ?? 'no reason given'}`),
      ask: choose,
    }
  }
  if (waitsFor !== undefined && waitsFor.change !== state.change) {
    return {
      act: 'hold',
      cause: 'migration',
      reason: clip(`${waitsFor.change}, a migration, seems to hurt: ${waitsFor.held?.reason ?? 'no reason is kept'}`),
      ask: `Answer for ${waitsFor.change} first ("sankofa why ${waitsFor.change}"); then this goes on by itself.`,
    }
  }
  if (silent !== undefined && state.stage > 0 && !canPause(state)) {
    return {
      act: 'hold',
      cause: 'deadline',
      reason: silent,
      ask: `${choose} A migration is not taken back for silence.`,
    }
  }
  const accepted = state.go?.acceptedErrors ?? []
  const [kind] = kindsToHoldFor(facts.newKinds, state.share).filter(
    ({ fingerprint }) => !accepted.includes(fingerprint),
  )
  if (kind !== undefined) {
    const reason = `${kind.name} at ${kind.route} was never seen before: ${kind.exposedSubjects} customers with the change met it, none without.`
    return { act: 'hold', cause: 'new-error', fingerprint: kind.fingerprint, reason, ask: choose }
  }
  // What came in while nobody looked may have decided it: that goes first.
  return isOverdue(state, nowMs) && !facts.promote ? overdue(state, nowMs) : undefined
}

/** The last stage is left by time, and a share of 0 decides nothing: neither has a deadline. */
function isOverdue(state: ChangeState, nowMs: number): boolean {
  const expectedMs = state.go?.forecast.stages[state.stage - 1]?.expectedMs
  if (expectedMs === undefined || state.stageClockFrom === undefined) return false
  if (state.paused !== undefined || state.nextStageOnWord === true || isLeftByTime(state)) return false
  return nowMs - state.stageClockFrom.getTime() > deadlineFactor * expectedMs
}

/**
 * What may be done while an exposure fails again and again. It is for a person: nothing is known to be wrong with the
 * change itself.
 */
export function decideFailing(sight: Sight, times: number): Act | undefined {
  const back = takeBack(sight)
  if (back !== undefined) return back
  const { state } = sight
  const { failing, held, pending } = state
  if (held !== undefined && pending?.want === 'go') {
    return { act: 'resume', reason: `${pending.actor} let it be tried again.`, nextStage: false }
  }
  if (held !== undefined || failing === undefined || times < triesBeforeHold) return undefined
  return {
    act: 'hold',
    cause: 'step-failed',
    reason: `Stage ${state.inFlight?.act === 'expose' ? state.inFlight.stage : state.stage} could not be exposed in ${times} tries: ${failing.error}`,
    ask: `Mend it: it is tried again all the time. Run "sankofa back ${state.change}" to give it up.`,
  }
}

const triesBeforeHold = 4

function overdue(state: ChangeState, nowMs: number): Act {
  const minutes = Math.round((nowMs - (state.stageClockFrom?.getTime() ?? nowMs)) / 60_000)
  const following = state.go?.stages[state.stage]
  const next = following === undefined ? 'settle it' : `take it to ${percent(following.share)}`
  return {
    act: 'hold',
    cause: 'deadline',
    reason: `Stage ${state.stage} (${percent(state.share)}) is undecided after ${minutes} min, three times the expected wait.`,
    ask:
      `Run "sankofa go ${state.change}" to ${next} on your word, or "sankofa back ${state.change}" to take it back. ` +
      `Until then it stays at ${percent(state.share)}, is still judged, and goes on by itself once the evidence is in.`,
  }
}

const percent = (share: number | undefined): string => `${Number(((share ?? 0) * 100).toPrecision(3))} %`

function resume({ state, facts, waitsFor }: Sight): Act | undefined {
  const { held, pending } = state
  if (held === undefined) return undefined
  if (pending?.want === 'go') {
    const nextStage = held.cause === 'deadline'
    return { act: 'resume', reason: `${pending.actor} let it go on.`, nextStage }
  }
  if (held.cause === 'migration' && waitsFor === undefined) {
    return { act: 'resume', reason: 'The migration that seemed to hurt was answered for.', nextStage: false }
  }
  if (held.cause === 'step-failed' && state.failing === undefined) {
    return { act: 'resume', reason: 'The step that failed is done.', nextStage: false }
  }
  if (held.cause === 'deadline' && facts.promote) {
    return { act: 'resume', reason: 'The evidence has come in.', nextStage: false }
  }
  const seen = facts.newKinds.find((kind) => kind.fingerprint === held.fingerprint)
  if (held.cause === 'new-error' && seen !== undefined && seen.controlSubjects > 0) {
    const reason = `${seen.name} at ${seen.route} is met by ${seen.controlSubjects} customers without the change too.`
    return { act: 'resume', reason, nextStage: false }
  }
  return undefined
}

function goOn({ state, facts, silent, nowMs, settleLagMs }: Sight): Act | undefined {
  if (state.held !== undefined || state.paused !== undefined || silent !== undefined) return undefined
  if (state.stage === 0) return { act: 'expose', stage: 1 }
  if (!isLastStage(state)) {
    return facts.promote || state.nextStageOnWord === true ? { act: 'expose', stage: state.stage + 1 } : undefined
  }
  const bakeMs = state.go?.stages.at(-1)?.minimumMs ?? 0
  const fromMs = state.stageClockFrom?.getTime() ?? nowMs
  // After a pause or a hold it bakes anew: the time in between showed nothing.
  if (state.bakeUntil === undefined || state.bakeUntil.getTime() < fromMs + bakeMs) {
    return { act: 'bake', untilMs: fromMs + bakeMs }
  }
  if (!isLeftByTime(state) && !facts.promote && state.nextStageOnWord !== true) return undefined
  return nowMs >= state.bakeUntil.getTime() + settleLagMs ? { act: 'settle' } : undefined
}

/** With a control the last stage is left by time; without one it is the only one, and must be cleared. */
const isLeftByTime = (state: ChangeState): boolean => isLastStage(state) && state.control === 'subjects'

const isLastStage = (state: ChangeState): boolean => state.stage === state.go?.stages.length
