import { isSankofaError } from '../core/index.ts'
import type { ChangeKind, ChangeState, UndoObjection } from '../journal/index.ts'
import type { Reading } from '../judge/index.ts'
import { textOf } from './clip.ts'
import { type Running, type Turn, write } from './context.ts'
import type { Act } from './decide.ts'
import { outDependents, undoBlockedBy } from './dependents.ts'
import { isRefusal } from './refusal.ts'
import { isJournalled } from './retries.ts'

/** Journals the begin of an act, or all of it where it acts on nothing but the journal. */
export async function begin(turn: Turn, state: ChangeState, act: Act): Promise<void> {
  const { change } = state
  switch (act.act) {
    case 'undo':
      return beginUndo(turn, state, act)
    case 'pause':
      return beginExposure(turn, state, { stage: state.stage, share: 0, reason: act.reason })
    case 'unpause':
      return beginExposure(turn, state, { stage: state.stage, share: state.go?.stages[state.stage - 1]?.share ?? 0 })
    case 'expose': {
      const { go } = state
      if (go === undefined) return
      // Before anyone is exposed: a subject that is not measured from its first request would look like a newcomer later.
      if (act.stage === 1) await turn.context.measurement.openWatch(go.goId, change, go.guards, go.sampleRate)
      return beginExposure(turn, state, { stage: act.stage, share: go.stages[act.stage - 1]?.share ?? 0 })
    }
    case 'hold': {
      const { reason, ask, cause, fingerprint } = act
      const data = { reason, ask, cause, ...(fingerprint === undefined ? {} : { fingerprint }) }
      return void (await write(turn, change, { type: 'held', data }))
    }
    case 'resume': {
      const { reason, nextStage } = act
      // On a person's word, not when the next try would be due.
      if (state.held?.cause === 'refused') turn.context.retries.succeeded(change, 'expose')
      return void (await write(turn, change, { type: 'resumed', data: nextStage ? { reason, nextStage } : { reason } }))
    }
    case 'bake':
      return void (await write(turn, change, { type: 'baking', data: { untilMs: act.untilMs } }))
    case 'settle':
      return void (await write(turn, change, { type: 'settling', data: {} }))
    default:
      return act satisfies never
  }
}

async function beginExposure(
  turn: Turn,
  state: ChangeState,
  to: { readonly stage: number; readonly share: number; readonly reason?: string },
): Promise<void> {
  const shareBefore = state.go?.stages[to.stage - 2]?.share ?? 0
  await write(turn, state.change, { type: 'exposing', data: { ...to, shareBefore } })
}

async function beginUndo(turn: Turn, state: ChangeState, act: Extract<Act, { act: 'undo' }>): Promise<void> {
  const states = turn.context.follower.states()
  const blocked =
    undoBlockedBy(states, state.change) ??
    (await objectionOf(turn, state)) ??
    (act.cause === 'person' ? undefined : needsPerson(state, act.reading))
  if (blocked !== undefined) {
    if (act.cause === 'person')
      return void (await write(turn, state.change, { type: 'refused', data: { reason: blocked } }))
    // Already held for something else: that hold gives way, because this one matters more.
    if (state.held !== undefined) await write(turn, state.change, { type: 'resumed', data: { reason: 'It hurts.' } })
    const ask = `${blocked} Run "sankofa back ${state.change}" when it may be taken back.`
    return void (await write(turn, state.change, { type: 'held', data: { reason: act.reason, ask, cause: 'undo' } }))
  }
  await undoDependents(turn, state)
  const { reason, cause, reading } = act
  await write(turn, state.change, {
    type: 'undoing',
    data: { reason, cause, ...(reading === undefined ? {} : { reading }) },
  })
}

/** What the kinds say against taking back this change and what stands on it. */
async function objectionOf(turn: Turn, state: ChangeState): Promise<string | undefined> {
  for (const { change, kind, plan } of [...outDependents(turn.context.follower.states(), state.change), state]) {
    const known = turn.context.kinds.get(kind)
    const objection = known !== undefined && mayObject(known) ? await known.undoObjection(change, plan) : undefined
    if (objection !== undefined) return objection
  }
  return undefined
}

const mayObject = (kind: ChangeKind<unknown>): kind is ChangeKind<unknown> & UndoObjection<unknown> =>
  'undoObjection' in kind && typeof kind.undoObjection === 'function'

/** What stands on a change goes first. */
async function undoDependents(turn: Turn, state: ChangeState): Promise<void> {
  for (const dependent of outDependents(turn.context.follower.states(), state.change)) {
    if (dependent.inFlight?.act === 'undo') continue
    const reason = `${state.change}, on which it stands, is being taken back.`
    await write(turn, dependent.change, { type: 'undoing', data: { reason, cause: 'person' } })
  }
}

/** A migration undoes itself only where nothing is lost, nobody waits for long, and every watch that can see agrees. */
function needsPerson(state: ChangeState, reading: Reading | undefined): string | undefined {
  if (state.kind !== 'migration') return undefined
  const { proof } = state
  if (proof === undefined) return 'Its undo was never proved.'
  if (proof.loss !== 'kept') return `Its undo would leave rows ${proof.loss}.`
  if (proof.undoMs > longestUndoMs) return `Its undo is expected to block for ${Math.round(proof.undoMs / 1_000)} s.`
  // A watch that could not have seen this harm is not at hand: its silence is no objection.
  const doubting = reading?.guards.find(
    ({ logEvidence, control, couldSee }) => couldSee !== false && control.subjects > 0 && logEvidence <= 0,
  )
  return doubting === undefined ? undefined : `The watch "${doubting.guard}" does not see it.`
}

const longestUndoMs = 2_000

/**
 * Does what was begun, and journals that it is done. Every call of a kind is idempotent, so this is also how a restart
 * goes on.
 *
 * @returns false when it has to wait for something else first
 */
export async function finish(turn: Turn, state: ChangeState): Promise<boolean> {
  const { inFlight, change, plan, go } = state
  const kind = turn.context.kinds.get(state.kind)
  if (inFlight === undefined) return false
  if (kind === undefined) throw new Error(`this watcher knows no changes of the kind "${state.kind}"`)
  switch (inFlight.act) {
    case 'expose': {
      const { share } = inFlight
      const done = await aside(turn, state, () => kind.expose(change, plan, share, turn.epoch))
      if (done === undefined) return false
      await write(turn, change, { type: 'exposed', data: { stage: inFlight.stage, share: inFlight.share } })
      return true
    }
    case 'undo':
      return finishUndo(turn, state, kind)
    case 'settle': {
      await kind.settle(change, plan, turn.epoch)
      if (go !== undefined) await endWatch(turn, go.goId)
      await write(turn, change, { type: 'settled', data: {} })
      return true
    }
    default:
      return inFlight satisfies never
  }
}

async function finishUndo(turn: Turn, state: ChangeState, kind: ChangeKind<unknown>): Promise<boolean> {
  const { change, go, inFlight } = state
  if (inFlight?.act !== 'undo') return false
  const standing = outDependents(turn.context.follower.states(), change)
  if (standing.length > 0) {
    const begun = standing.every((dependent) => dependent.inFlight?.act === 'undo')
    await undoDependents(turn, state)
    return !begun
  }
  const done = await aside(turn, state, () => kind.undo(change, state.plan, turn.epoch))
  if (done === undefined) return false
  const undone = done.result
  const newest = turn.context.evidence.facts(state).last ?? inFlight.reading
  if (go !== undefined) await endWatch(turn, go.goId)
  await write(turn, change, {
    type: 'undone',
    data: {
      undone,
      // Failures among the exposed are harm only where the evidence says that the change is why.
      ...(inFlight.cause === 'judge' && newest !== undefined ? { subjectsHarmed: newest.subjectsHarmed } : {}),
      ...(newest === undefined ? {} : { reading: newest }),
    },
  })
  return true
}

/**
 * A migration may take minutes, and a release that comes up on its hosts seconds; what else is out must be judged meanwhile:
 * they run beside the turns, and a later turn finds their end. Everything else is awaited, above all what takes back.
 *
 * @returns `undefined` while it runs
 */
async function aside<T>(
  turn: Turn,
  state: ChangeState,
  work: () => Promise<T>,
): Promise<{ readonly result: T } | undefined> {
  const takesTime = state.kind === 'migration' || (state.kind === 'release' && state.inFlight?.act === 'expose')
  if (!takesTime) return { result: await work() }
  const { running } = turn.context
  const key = `${state.inFlight?.act} ${state.change}`
  const begun = running.get(key)
  if (begun === undefined) {
    const run: Running = { ended: undefined }
    running.set(key, run)
    run.promise = work().then(
      (result) => {
        run.ended = { result }
      },
      (error: unknown) => {
        run.ended = { error }
      },
    )
    return undefined
  }
  if (begun.ended === undefined) return undefined
  running.delete(key)
  if ('error' in begun.ended) throw begun.ended.error
  return { result: begun.ended.result as T }
}

/** Before the last record: a crash in between leaves the act in flight, and a restart ends the watch again. */
async function endWatch(turn: Turn, goId: bigint): Promise<void> {
  await turn.context.measurement.closeWatch(goId)
  turn.context.evidence.forget(goId)
}

/**
 * What is refused for good is not tried again: a start is given up, and what is under way stands still until a person has
 * done what the reason says.
 *
 * @returns false where it is tried again all the same: to be less exposed, and to settle, is never given up
 */
async function standStill(turn: Turn, { change }: ChangeState, step: string, error: unknown): Promise<boolean> {
  const { follower, retries, kinds } = turn.context
  const state = follower.states().get(change)
  const reason = textOf(error)
  if (state === undefined) return false
  if (step === 'start') {
    await write(turn, change, { type: 'refused', data: { reason } })
    retries.succeeded(change, step)
    return false
  }
  const { inFlight, held } = state
  if (inFlight?.act !== step) return false
  if (inFlight.act === 'expose' && inFlight.share > state.share) {
    if (held !== undefined) await write(turn, change, { type: 'resumed', data: { reason: 'Its step is refused.' } })
    const ask = `Do what it says; then run "sankofa go ${change}" to try it again, or "sankofa back ${change}" to give it up.`
    await write(turn, change, { type: 'held', data: { reason, ask, cause: 'refused' } })
    return true
  }
  // What has begun to go back is finished; only where nothing of it was done may it stay.
  if (inFlight.act !== 'undo' || (await kinds.get(state.kind)?.actual(change)) !== state.share) return false
  const asked = inFlight.cause === 'person'
  const cause = asked ? 'refused' : 'undo'
  const keep = asked ? `, or "sankofa go ${change}" to keep it` : ''
  const ask = `It stays out. Do what it says; then run "sankofa back ${change}" to try it again${keep}.`
  retries.succeeded(change, step)
  await write(turn, change, { type: 'held', data: { reason, ask, cause } })
  return true
}

/** Runs a step; a failure is journalled and tried again later, and stops no other change. */
export async function guarded(
  turn: Turn,
  state: ChangeState,
  step: string,
  work: () => Promise<boolean>,
): Promise<boolean> {
  const { retries, log } = turn.context
  if (!retries.mayTry(state.change, step)) return false
  try {
    const progressed = await work()
    retries.succeeded(state.change, step)
    return progressed
  } catch (error) {
    if (isSankofaError(error) && error.code === 'STALE_EPOCH') throw error
    if (isSankofaError(error) && error.code === 'CHANGE_NOT_ALLOWED') {
      // A person was quicker: the next turn sees what they asked.
      log.debug({ change: state.change, step }, error.message)
      return false
    }
    const times = retries.failed(state.change, step)
    log.warn({ change: state.change, step, times, err: error }, 'a step failed and will be tried again')
    if (isJournalled(times)) {
      await write(turn, state.change, { type: 'step-failed', data: { step, error: textOf(error) } })
    }
    return isRefusal(error) && (await standStill(turn, state, step, error))
  }
}
