import { type ChangeId, changeId, SankofaError } from '../core/index.ts'
import type { ChangeKindName } from './change-kind.ts'
import { foldAll } from './fold.ts'
import type { Journal } from './journal.ts'
import type { JournalRecord, RecordData } from './record.ts'
import { mayAppend } from './rules.ts'
import type { ChangeState } from './state.ts'

type Asked = { readonly change: string; readonly actor: string }

/** Makes a change known. Proposing again replaces the plan of a change that is not out. */
export function propose(
  journal: Journal,
  request: Asked & { readonly kind: ChangeKindName } & RecordData['proposed'],
): Promise<JournalRecord> {
  const { change, actor, kind, ...data } = request
  return journal.append({ change: changeId(change), kind, type: 'proposed', actor, data })
}

/** Asks that a change goes out, or goes on when it is held. @param request.unproved - why it goes without a proof */
export function requestGo(journal: Journal, request: Asked & RecordData['go-requested']): Promise<JournalRecord> {
  const { change, actor, ...data } = request
  return journal.append({ change: changeId(change), type: 'go-requested', actor, data })
}

export function requestHold(journal: Journal, request: Asked & RecordData['hold-requested']): Promise<JournalRecord> {
  const { change, actor, ...data } = request
  return journal.append({ change: changeId(change), type: 'hold-requested', actor, data })
}

/**
 * Asks that a change is taken back. Without a name: the last one that can be.
 *
 * @throws SankofaError `NOTHING_TO_TAKE_BACK`, `CHANGE_NOT_ALLOWED`, `CHANGE_UNKNOWN`
 */
export async function requestBack(
  journal: Journal,
  request: { readonly change?: string | undefined; readonly actor: string } & RecordData['back-requested'],
): Promise<JournalRecord> {
  const { change, actor, ...data } = request
  const named = change === undefined ? lastThatCanGoBack(foldAll(await journal.read())) : changeId(change)
  if (named === undefined) throw new SankofaError('NOTHING_TO_TAKE_BACK', {})
  return journal.append({ change: named, type: 'back-requested', actor, data })
}

/** The change that went out last, among those that are out and not on their way back. */
export function lastThatCanGoBack(states: ReadonlyMap<ChangeId, ChangeState>): ChangeId | undefined {
  return [...states.values()]
    .filter((state) => state.state === 'exposed' || state.state === 'bake')
    .filter((state) => mayAppend(state, 'back-requested') === undefined && state.pending?.want !== 'back')
    .sort((a, b) => Number((b.go?.goId ?? 0n) - (a.go?.goId ?? 0n)))
    .at(0)?.change
}
