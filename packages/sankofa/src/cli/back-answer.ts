import { setTimeout as delay } from 'node:timers/promises'
import { foldChange, type Journal, type JournalRecord } from '../journal/index.ts'

export type BackAnswer =
  | { readonly answer: 'undone' | 'undoing' | 'not started'; readonly reason?: undefined }
  /** `reason` says what is in the way, and what to do. */
  | { readonly answer: 'refused'; readonly reason: string }

const lookEveryMs = 200

/** What the watcher says to a request to take a change back; `undefined` when it has said nothing in time. */
export async function answerToBack(
  journal: Pick<Journal, 'read'>,
  { change, id }: Pick<JournalRecord, 'change' | 'id'>,
  withinMs: number,
): Promise<BackAnswer | undefined> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    const answer = answerIn(await journal.read({ change }), id)
    // It has begun: worth the rest of the time, because "done" is what a person wants to read.
    const isLast = answer !== undefined && answer.answer !== 'undoing'
    if (isLast || performance.now() >= untilMs) return answer
    await delay(lookEveryMs)
  }
}

function answerIn(records: readonly JournalRecord[], requestId: bigint): BackAnswer | undefined {
  const since = records.filter(({ id }) => id > requestId)
  const last = since.findLast(
    ({ type }) => type === 'undone' || type === 'undoing' || type === 'refused' || type === 'held',
  )
  switch (last?.type) {
    case 'undone':
    case 'undoing':
      return { answer: last.type }
    case 'refused':
      return { answer: 'refused', reason: last.data.reason }
    case 'held':
      return { answer: 'refused', reason: `${last.data.reason} ${last.data.ask}` }
    default: {
      const state = foldChange(records)
      const isOut = state?.state === 'exposed' || state?.state === 'bake'
      return state !== undefined && !isOut && state.pending === undefined ? { answer: 'not started' } : undefined
    }
  }
}
