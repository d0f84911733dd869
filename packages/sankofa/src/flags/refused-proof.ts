import type { Clock } from '../core/index.ts'
import type { Proof } from '../journal/index.ts'

export const proofValidMs = 7 * 24 * 60 * 60 * 1000

/** An undo that was not shown to work, and what to mend. */
export const refusedProof = (
  found: Pick<Proof, 'digest' | 'base' | 'steps'> & { readonly reason: string },
  clock: Clock,
): Proof => ({
  ok: false,
  ...found,
  expiresAt: new Date(clock.now() + proofValidMs).toISOString(),
  loss: 'kept',
  undoMs: 0,
  locks: [],
})
