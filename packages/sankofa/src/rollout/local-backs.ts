import { type ChangeId, isSankofaError } from '../core/index.ts'
import type { Journal } from '../journal/index.ts'
import { clip } from './clip.ts'

/** What was taken back on a host while PostgreSQL was away, and is to be journalled now. */
export type LocalBacks = {
  pending(): Promise<
    readonly { readonly change: ChangeId; readonly actor: string; readonly reason: string; readonly at: Date }[]
  >
  done(change: ChangeId): Promise<void>
}

/** Journals them as if they had been asked through the journal; the override on the host stays until it is undone. */
export async function journalLocalBacks(journal: Journal, localBacks: LocalBacks): Promise<void> {
  for (const { change, actor, at, ...asked } of await localBacks.pending()) {
    // It was typed where no journal could refuse it, and must not be lost for its length, nor keep others waiting.
    const reason = clip(asked.reason) || 'no reason was given'
    try {
      await journal.append({ change, type: 'back-requested', actor, data: { reason, local: true } }, { at })
    } catch (error) {
      const isMoot = isSankofaError(error) && (error.code === 'CHANGE_NOT_ALLOWED' || error.code === 'CHANGE_UNKNOWN')
      // Undone, settled or never proposed: there is nothing left to ask for.
      if (!isMoot) throw error
    }
    await localBacks.done(change)
  }
}
