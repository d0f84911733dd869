import type { ChangeState } from '../journal/index.ts'
import { type RolloutContext, type Turn, write } from './context.ts'
import { type Act, decide, decideFailing, type Sight, takeBack } from './decide.ts'
import { isOut, needsAnswer } from './dependents.ts'
import type { Facts } from './facts.ts'
import { begin, finish, guarded } from './perform.ts'
import { quietFor } from './quiet.ts'

/** More steps than one turn can need for one change; more means that two rules disagree. */
const mostRounds = 50

/** Looks at everything that is out, once, and does what is due. */
export async function takeTurn(context: RolloutContext, epoch: bigint): Promise<void> {
  const { follower } = context
  const out = [...(await follower.refresh()).values()].filter(isOut)
  if (out.length === 0) return
  const nowMs = context.clock.now()
  const liveness = await context.measurement.liveness(nowMs)
  const turn: Turn = {
    context,
    epoch,
    collected: new Set(),
    silentFor: (state) => quietFor(state, liveness, nowMs),
  }
  for (let round = 0; round < mostRounds; round++) {
    let progressed = false
    for (const { change } of byUrgency([...follower.states().values()].filter(isOut))) {
      const state = follower.states().get(change)
      if (state === undefined || !isOut(state)) continue
      if (await stepOne(turn, state)) progressed = true
    }
    if (!progressed) return
  }
  context.log.warn({ rounds: mostRounds }, 'a turn did not come to rest; the next one goes on')
}

/** What is being taken back, or was asked to be, goes before what goes out. */
function byUrgency(states: readonly ChangeState[]): readonly ChangeState[] {
  const urgency = (state: ChangeState): number =>
    state.inFlight?.act === 'undo' || state.pending?.want === 'back' ? 0 : state.inFlight !== undefined ? 1 : 2
  return states.toSorted((a, b) => urgency(a) - urgency(b) || Number((a.go?.goId ?? 0n) - (b.go?.goId ?? 0n)))
}

async function stepOne(turn: Turn, state: ChangeState): Promise<boolean> {
  const { inFlight } = state
  // What a person asks back goes back, even when what was measured cannot be read.
  if (state.pending?.want === 'back' && (inFlight === undefined || inFlight.act === 'expose')) {
    return guarded(turn, state, 'back', () => act(turn, state, takeBack, turn.context.evidence.facts(state)))
  }
  if (inFlight === undefined)
    return guarded(turn, state, 'measure', async () => act(turn, state, decide, await look(turn, state)))
  const { retries } = turn.context
  if (inFlight.act === 'expose') {
    // An exposure that cannot be finished must not keep the change from being judged and taken back. One that was refused
    // waits for a person: to try it again would take its locks again for the same answer.
    const failing = state.held?.cause === 'refused' || !retries.mayTry(state.change, 'expose')
    const times = retries.times(state.change, 'expose')
    const choose = (sight: Sight): Act | undefined => decideFailing(sight, times)
    if (failing) return guarded(turn, state, 'measure', async () => act(turn, state, choose, await look(turn, state)))
  }
  return guarded(turn, state, inFlight.act, () => finish(turn, state))
}

async function act(
  turn: Turn,
  state: ChangeState,
  choose: (sight: Sight) => Act | undefined,
  facts: Facts,
): Promise<boolean> {
  const { context } = turn
  const { settleLagMs } = context.limits
  const chosen = choose({
    state,
    facts,
    silent: turn.silentFor(state),
    waitsFor: needsAnswer(context.follower.states()),
    nowMs: context.clock.now(),
    settleLagMs,
  })
  if (chosen === undefined) {
    await tellWaiting(turn, state)
    return false
  }
  context.log.info({ change: state.change, ...chosen, reading: undefined }, 'rollout acts')
  await begin(turn, state, chosen)
  return true
}

/** A change that waits for someone to report before it is shown at all says so, once. */
async function tellWaiting(turn: Turn, state: ChangeState): Promise<void> {
  const silent = turn.silentFor(state)
  if (silent === undefined || state.stage > 0 || state.held !== undefined || state.failing?.step === 'wait') return
  const error = `It waits to go out, because nobody would see whether it hurts: ${silent} It goes by itself once every service reports.`
  await write(turn, state.change, { type: 'step-failed', data: { step: 'wait', error } })
}

/** Reads the new windows of a change, once a turn. */
async function look(turn: Turn, state: ChangeState): Promise<Facts> {
  const { evidence, clock } = turn.context
  if (turn.collected.has(state.change)) return evidence.facts(state)
  turn.collected.add(state.change)
  return evidence.collect(state, turn.epoch, clock.now())
}
