import { type Clock, isSankofaError, type ReleaseId, type SankofaError } from '../core/index.ts'
import type { Proof } from '../journal/index.ts'
import { baseOf } from './flag-plan.ts'

const validMs = 7 * 24 * 60 * 60 * 1000

/** What trying the undo has shown. */
export type Finding = {
  readonly steps: readonly string[]
  /** Time until a running process obeyed; `undefined` when none did. */
  readonly undoMs: number | undefined
  /** Why the undo is not proved. */
  readonly reason?: string
}

/** Tries the undo and says what was found. Whatever keeps it from being tried is a reason, not a crash. */
export async function toProof(
  what: Pick<Proof, 'digest' | 'base'>,
  clock: Clock,
  tryUndo: () => Promise<Finding>,
): Promise<Proof> {
  const { steps, undoMs, reason } = await tryUndo().catch((error: unknown): Finding => {
    if (!isSankofaError(error)) throw error
    return { steps: [], undoMs: undefined, reason: error.message }
  })
  const expiresAt = new Date(clock.now() + validMs).toISOString()
  const common = { ...what, expiresAt, loss: 'kept', locks: [] } as const
  if (reason !== undefined) return { ok: false, ...common, undoMs: 0, steps, reason }
  if (undoMs === undefined) {
    const late = 'No process obeyed the undo within 5 s on the throw-away server. Prove it again on a quieter machine.'
    return { ok: false, ...common, undoMs: 0, steps, reason: late }
  }
  const told = `Taking it back reached a running process after ${undoMs} ms, on a throw-away server.`
  return { ok: true, ...common, undoMs, steps: [...steps, told] }
}

/** A plan that names what is not declared can only be mended, so it is refused rather than tried again. */
export const unknownProof = (unknown: SankofaError, release: ReleaseId, clock: Clock): Promise<Proof> =>
  toProof({ digest: '', base: baseOf(release) }, clock, () => Promise.reject(unknown))
