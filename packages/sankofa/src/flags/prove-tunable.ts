import { isDeepStrictEqual } from 'node:util'
import type { Clock, ReleaseId } from '../core/index.ts'
import { withScratchServer } from '../db/index.ts'
import type { Proof } from '../journal/index.ts'
import { baseOf, hashOf } from './flag-plan.ts'
import { measureTunableUndo } from './measure-undo.ts'
import { toProof } from './to-proof.ts'
import { problemWith, type Tunable } from './tunable.ts'

/** The value that would come back is part of what is proved: another one in between makes the proof stale. */
export const digestOfValues = (tunable: Tunable, before: unknown, after: unknown): string =>
  hashOf([tunable.id, before, after])

/** Shows that the value now passes the service's own validation, so that it can come back; and that the new one does. */
export function proveTunable(
  tunable: Tunable,
  values: { readonly before: unknown; readonly after: unknown },
  options: { readonly release: ReleaseId; readonly clock: Clock },
): Promise<Proof> {
  const { before, after } = values
  const what = { digest: digestOfValues(tunable, before, after), base: baseOf(options.release) }
  return toProof(what, options.clock, async () => {
    const reason = reasonAgainst(tunable, before, after)
    if (reason !== undefined) return { steps: [], undoMs: undefined, reason }
    const steps = [
      `The value now, ${JSON.stringify(before)}, passes the service's own validation.`,
      `The new value, ${JSON.stringify(after)}, passes it too.`,
    ]
    return { steps, undoMs: await withScratchServer((url) => measureTunableUndo(url, before, after)) }
  })
}

function reasonAgainst(tunable: Tunable, before: unknown, after: unknown): string | undefined {
  const old = problemWith(tunable.parse, before)
  if (old !== undefined) {
    return `Tunable "${tunable.id}" could not go back: its value now, ${JSON.stringify(before)}, no longer passes the validation (${old}). Set a value that passes first, or allow this one again.`
  }
  const next = problemWith(tunable.parse, after)
  if (next !== undefined) {
    return `Tunable "${tunable.id}" does not take ${JSON.stringify(after)}: ${next}. Propose another value.`
  }
  if (!isDeepStrictEqual(before, after)) return undefined
  return `Tunable "${tunable.id}" already is ${JSON.stringify(after)}: there is nothing to change.`
}
