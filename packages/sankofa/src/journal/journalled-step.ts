import { type ChangeId, SankofaError } from '../core/index.ts'
import { foldChange } from './fold.ts'
import type { Journal } from './journal.ts'
import type { Go } from './state.ts'

export type JournalledStep = { readonly go: Go; readonly stage: number; readonly shareBefore: number }

/**
 * The step that the journal says was begun, so that a restart writes exactly that.
 *
 * @throws SankofaError `SHARE_NOT_JOURNALLED` when it says another share, or that nothing is to be exposed
 */
export async function journalledStep(
  journal: Pick<Journal, 'read'>,
  change: ChangeId,
  share: number,
): Promise<JournalledStep> {
  const state = foldChange(await journal.read({ change }))
  const isOut = state?.state === 'exposed' || state?.state === 'bake'
  const begun = state?.inFlight
  const step = begun === undefined ? (isOut ? state : undefined) : begun.act === 'expose' ? begun : undefined
  if (state?.go === undefined || step === undefined || step.share !== share) {
    const journalled = step === undefined ? 'that nothing is to be exposed' : `${step.share * 100} %`
    throw new SankofaError('SHARE_NOT_JOURNALLED', { change, share, journalled })
  }
  return { go: state.go, stage: step.stage, shareBefore: step.shareBefore }
}
