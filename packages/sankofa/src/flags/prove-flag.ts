import type { Clock, ReleaseId } from '../core/index.ts'
import { withScratchServer } from '../db/index.ts'
import type { Proof } from '../journal/index.ts'
import { type Flag, type FlagProof, isExpired } from './flag.ts'
import { baseOf, digestOf } from './flag-plan.ts'
import { measureFlagUndo } from './measure-undo.ts'
import { type Finding, toProof } from './to-proof.ts'

const stepWithinMs = 60_000

/**
 * Shows that the flag can be taken back: on a throw-away server, the old path passes its test on rows that the new path
 * wrote. Also measures how long it takes until a process obeys.
 *
 * @param options.stepWithinMs - what each of the proof's functions may take; one minute unless told
 */
export function proveFlag(
  flag: Flag,
  options: { readonly release: ReleaseId; readonly clock: Clock; readonly stepWithinMs?: number },
): Promise<Proof> {
  const { clock } = options
  const { proof } = flag
  return toProof({ digest: digestOf(flag), base: baseOf(options.release) }, clock, async () => {
    if (proof === undefined) {
      const reason = `Flag "${flag.id}" declares no proof. Give defineFlag a proof: prepare(url) boots the service on an empty database, newPath(harness) does the work with the flag on, oldPath(harness) tests the old path on those rows, close(harness) ends it.`
      return { steps: [], undoMs: undefined, reason }
    }
    const expired = `The flag expired on ${flag.expires}; ask ${flag.owner} which path stays.`
    const note = isExpired(flag, clock.now()) ? [expired] : []
    return withScratchServer(async (url): Promise<Finding> => {
      const paths = await runPaths(flag.id, proof, url, options.stepWithinMs ?? stepWithinMs)
      const steps = [...paths.steps, ...note]
      if (paths.reason !== undefined) return { steps, undoMs: undefined, reason: paths.reason }
      return { steps, undoMs: await measureFlagUndo(url) }
    })
  })
}

type PathsFinding = { readonly reason: string | undefined; readonly steps: readonly string[] }

async function runPaths(id: string, proof: FlagProof, url: string, withinMs: number): Promise<PathsFinding> {
  const steps: string[] = []
  const booting = proof.prepare(url)
  const prepared = await attempt(() => booting, withinMs)
  if (!prepared.ok) {
    // What boots too late must not stay behind.
    void booting.then((harness) => proof.close(harness)).catch(() => {})
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
