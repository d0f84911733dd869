import { setTimeout as delay } from 'node:timers/promises'
import { recordWords } from '../../console/index.ts'
import type { ChangeId } from '../../core/index.ts'
import { type ChangeState, foldChange, type Journal } from '../../journal/index.ts'

const lookEveryMs = 500

export type Ending = 'kept' | 'taken back' | 'refused' | 'left'

/** Tells each new record of a change in words, until it has come to an end or nobody listens any more. */
export async function followChange(
  journal: Journal,
  change: ChangeId,
  options: { readonly afterId: bigint; say(line: string): void; readonly signal: AbortSignal },
): Promise<{ readonly ending: Ending; readonly state: ChangeState | undefined }> {
  let { afterId } = options
  for (;;) {
    const records = await journal.read({ change }).catch(() => undefined)
    for (const record of (records ?? []).filter(({ id }) => id > afterId)) {
      afterId = record.id
      if (record.type !== 'ship-step')
        options.say(`${record.at.toISOString().slice(11, 19)} ${record.actor} ${recordWords(record)}`)
    }
    const state = records === undefined ? undefined : foldChange(records)
    if (state?.state === 'settled') return { ending: 'kept', state }
    if (state?.state === 'undone') return { ending: 'taken back', state }
    if (state?.state === 'refused' && state.pending === undefined) return { ending: 'refused', state }
    try {
      await delay(lookEveryMs, undefined, { signal: options.signal })
    } catch {
      return { ending: 'left', state }
    }
  }
}
