import { isSankofaError } from '../core/index.ts'
import type { ChangeKind, ChangeState, Pending, ProofDigest } from '../journal/index.ts'
import { clip, textOf } from './clip.ts'
import { type RolloutContext, type Turn, write } from './context.ts'
import { isOut, startBlockedBy } from './dependents.ts'
import { guarded } from './perform.ts'
import { planGo } from './plan-go.ts'

/**
 * Starts what was asked to go: proves first where no valid proof is at hand, and refuses with the reason where that
 * fails. Kept apart from the turn, because a proof may take minutes, and what is out must be watched meanwhile.
 *
 * @returns how many have started
 */
export async function startWhatIsAsked(context: RolloutContext, epoch: bigint): Promise<number> {
  const turn: Turn = { context, epoch, collected: new Set(), silentFor: () => undefined }
  const states = await context.follower.refresh()
  const asked = [...states.values()]
    .filter((state) => !isOut(state) && state.pending?.want === 'go')
    .sort((a, b) => Number(a.lastId - b.lastId))
  let started = 0
  for (const { change } of asked) {
    const state = context.follower.states().get(change)
    if (state === undefined || isOut(state) || state.pending?.want !== 'go') continue
    const { pending } = state
    if (await guarded(turn, state, 'start', () => start(turn, state, pending))) started++
  }
  return started
}

async function start(turn: Turn, state: ChangeState, pending: Pending): Promise<boolean> {
  const { context } = turn
  const { change } = state
  const refuse = async (reason: string): Promise<boolean> => {
    await write(turn, change, { type: 'refused', data: { reason } })
    return false
  }
  const kind = context.kinds.get(state.kind)
  if (kind === undefined) {
    return refuse(`The watcher that leads knows no changes of the kind "${state.kind}". Update it, then try again.`)
  }
  const blocked = startBlockedBy(context.follower.states(), state)
  if (blocked !== undefined) return refuse(blocked)
  const first = outBefore(context, state)
  if (first !== undefined) {
    const error = `It waits until ${first.change} is kept or taken back: of two changes that meet everyone at once nobody could tell which one hurts.`
    // Once: it is looked at every second.
    if (state.failing?.error !== error)
      await write(turn, change, { type: 'step-failed', data: { step: 'wait', error } })
    return false
  }
  if (pending.unproved === undefined && !(await proofHolds(state, kind, context.clock.now()))) {
    if (!(await prove(turn, state, kind))) return false
  }
  const go = await planGo(context, state, pending, kind)
  await write(turn, change, { type: 'started', data: { ...go, salt: context.newSalt() } })
  return true
}

/** Without a control, two changes at once could not be told apart: the second waits until the first is settled or undone. */
function outBefore(context: RolloutContext, state: ChangeState): ChangeState | undefined {
  if (state.control === 'subjects') return undefined
  return [...context.follower.states().values()].find((other) => isOut(other) && other.control === 'none')
}

async function proofHolds(state: ChangeState, kind: ChangeKind<unknown>, nowMs: number): Promise<boolean> {
  const { proof, plan } = state
  if (proof === undefined || Date.parse(proof.expiresAt) <= nowMs) return false
  if (!canDigest(kind)) return true
  const now = await kind.currentDigest(plan)
  return now.digest === proof.digest && now.base === proof.base
}

const canDigest = (kind: ChangeKind<unknown>): kind is ChangeKind<unknown> & ProofDigest<unknown> =>
  'currentDigest' in kind && typeof kind.currentDigest === 'function'

async function prove(turn: Turn, state: ChangeState, kind: ChangeKind<unknown>): Promise<boolean> {
  try {
    const proof = await kind.prove(state.plan)
    if (proof.ok) {
      await write(turn, state.change, { type: 'proved', data: { proof } })
      return true
    }
    const reason = clip(proof.reason || 'The undo did not bring everything back.')
    await write(turn, state.change, { type: 'refused', data: { reason, proof } })
  } catch (error) {
    if (isSankofaError(error) && error.code === 'STALE_EPOCH') throw error
    turn.context.log.warn({ change: state.change, err: error }, 'a proof could not be carried out')
    await write(turn, state.change, {
      type: 'refused',
      data: { reason: clip(`Its undo could not be tried out: ${textOf(error)}`) },
    })
  }
  return false
}
