import { expectedShares } from '../journal/index.ts'
import { type RolloutContext, type Turn, write } from './context.ts'
import { isOut } from './dependents.ts'
import { guarded } from './perform.ts'

/**
 * Compares what is out with the journal, and sets right what differs: someone changed a row by hand, or a backup was
 * restored. The journal is right; the difference is journalled as a failed step.
 */
export async function setDriftRight(context: RolloutContext, epoch: bigint): Promise<void> {
  const turn: Turn = { context, epoch, collected: new Set(), silentFor: () => undefined }
  for (const state of [...(await context.follower.refresh()).values()].filter(isOut)) {
    const kind = context.kinds.get(state.kind)
    if (kind === undefined || state.inFlight !== undefined || state.stage === 0) continue
    await guarded(turn, state, 'compare', async () => {
      const actual = await kind.actual(state.change)
      const expected = expectedShares(state)
      if (expected.some((share) => Math.abs(share - actual) < 1e-9)) return false
      const error = `The world showed ${actual} where the journal says ${expected.join(' or ')}; it is set right.`
      context.log.warn({ change: state.change, actual, expected }, error)
      await write(turn, state.change, { type: 'step-failed', data: { step: 'compare', error } })
      await kind.expose(state.change, state.plan, state.share, epoch)
      return true
    })
  }
}
