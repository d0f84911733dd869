import type { Clock, ReleaseId } from '../core/index.ts'
import { withScratchServer } from '../db/index.ts'
import type { Proof } from '../journal/index.ts'
import type { Flag, FlagProof } from './flag.ts'
import { baseOf, digestOf, expiryNote } from './flag-plan.ts'
import { measureFlagUndo } from './measure-undo.ts'
import { proofValidMs, refusedProof } from './refused-proof.ts'

const stepWithinMs = 60_000

type Outcome = { readonly reason: string | undefined; readonly steps: readonly string[]; readonly undoMs: number }

/**
 * Shows that the flag can be taken back: on a throw-away server, the old path passes its test on rows that the new path
 * wrote. Also measures how long it takes until a process obeys.
 *
 * @param options.stepWithinMs - what each of the proof's functions may take; one minute unless told
 */
export async function proveFlag(
  flag: Flag,
  options: { readonly release: ReleaseId; readonly clock: Clock; readonly stepWithinMs?: number },
): Promise<Proof> {
  const { clock } = options
  const digest = digestOf(flag)
  const base = baseOf(options.release)
  const { proof } = flag
  if (proof === undefined) {
    const reason = `Flag "${flag.id}" declares no proof. Give defineFlag a proof: prepare(url) boots the service on an empty database, newPath(harness) does the work with the flag on, oldPath(harness) tests the old path on those rows, close(harness) ends it.`
    return refusedProof({ digest, base, steps: [], reason }, clock)
  }
  const { reason, steps, undoMs } = await withScratchServer(async (url): Promise<Outcome> => {
    const paths = await runPaths(flag.id, proof, url, options.stepWithinMs ?? stepWithinMs)
    if (paths.reason !== undefined) return { ...paths, undoMs: 0 }
    const tookMs = await measureFlagUndo(url)
    if (tookMs === undefined) {
      return {
        ...paths,
        reason: 'A process did not obey the undo within 5 s on the throw-away server. Try again.',
        undoMs: 0,
      }
    }
    const told = `Taking it back reached a running process after ${tookMs} ms.`
    return { reason: undefined, steps: [...paths.steps, told, ...expiryNote(flag, clock.now())], undoMs: tookMs }
  })
  if (reason !== undefined) return refusedProof({ digest, base, steps, reason }, clock)
  const expiresAt = new Date(clock.now() + proofValidMs).toISOString()
  return { ok: true, digest, base, expiresAt, loss: 'kept', undoMs, locks: [], steps }
}

async function runPaths(
  id: string,
  proof: FlagProof,
  url: string,
  withinMs: number,
): Promise<{ readonly reason: string | undefined; readonly steps: readonly string[] }> {
  const steps: string[] = []
  const prepared = await attempt(() => proof.prepare(url), withinMs)
  if (!prepared.ok) {
    const reason = `The service did not boot for the proof of flag "${id}": ${prepared.error}. Mend "prepare".`
    return { reason, steps }
  }
  steps.push('The service booted on a throw-away PostgreSQL server.')
  try {
    const written = await attempt(() => proof.newPath(prepared.value), withinMs)
    steps.push(
      written.ok
        ? 'The new path did its work there.'
        : `The new path failed (${written.error}). The stages are there to find that; the old path was tried on what it had written.`,
    )
    const old = await attempt(() => proof.oldPath(prepared.value), withinMs)
    if (!old.ok) {
      steps.push(`The old path failed on those rows: ${old.error}.`)
      const reason = `The old path of flag "${id}" fails on rows that the new path wrote: ${old.error}. Let the old path read them, or the new path write what both can read.`
      return { reason, steps }
    }
    steps.push('The old path passed its test on those rows.')
    return { reason: undefined, steps }
  } finally {
    const closed = await attempt(() => proof.close(prepared.value), withinMs)
    if (!closed.ok) steps.push(`The service did not close cleanly: ${closed.error}.`)
  }
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }

/** A path that hangs is a path that fails. */
async function attempt<T>(work: () => Promise<T>, withinMs: number): Promise<Attempt<T>> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${withinMs / 1000} s`)), withinMs)
  })
  try {
    return { ok: true, value: await Promise.race([work(), tooLong]) }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
