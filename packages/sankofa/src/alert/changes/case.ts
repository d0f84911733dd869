import { advance, type ChangeState, type JournalRecord } from '../../journal/index.ts'

/** One go that was held or taken back: what the journal says of it, as of its last record. */
export type Case = {
  readonly goId: bigint
  readonly state: ChangeState
  /** The newest hold of this go, over or not. */
  readonly held: NonNullable<ChangeState['held']> | undefined
}

export type Undoing = {
  readonly reason: string
  readonly cause: NonNullable<ChangeState['undoneBecause']>['cause']
  readonly begunAt: Date
  readonly reading: ChangeState['lastReading']
  /** `undefined` while it is not done. */
  readonly done: { readonly at: Date; readonly tookMs: number; readonly subjectsHarmed: number | undefined } | undefined
}

/** How the change of this case is or was taken back. */
export function undoingOf({ state }: Case): Undoing | undefined {
  const done = state.undoneBecause
  if (state.state === 'undone' && done !== undefined) {
    return {
      reason: done.reason,
      cause: done.cause,
      begunAt: done.begunAt,
      reading: done.reading ?? state.lastReading,
      done: { at: done.at, tookMs: done.undone.tookMs, subjectsHarmed: done.subjectsHarmed },
    }
  }
  const flight = state.inFlight
  if (flight?.act !== 'undo') return undefined
  const { reason, cause, at, reading } = flight
  return { reason, cause, begunAt: at, reading: reading ?? state.lastReading, done: undefined }
}

/** Follows the journal, and keeps the cases that may still have something to be said about them. */
export type Cases = {
  /** @param records - in the order of their ids, each once */
  take(records: readonly JournalRecord[]): void
  /** Cases that moved after `since` and are not finished. */
  current(since: Date): readonly Case[]
  /** Nothing more will be said of this go, unless it moves again. */
  finish(goId: bigint): void
  readonly lastId: bigint
}

export function createCases(): Cases {
  const states = new Map<string, ChangeState>()
  const cases = new Map<bigint, Case>()
  let lastId = 0n
  return {
    take(records) {
      for (const record of records) {
        lastId = record.id
        const state = advance(states.get(record.change), record)
        if (state === undefined) continue
        states.set(record.change, state)
        const goId = state.go?.goId
        if (goId === undefined) continue
        const held = state.held ?? cases.get(goId)?.held
        const found: Case = { goId, state, held }
        if (held !== undefined || undoingOf(found) !== undefined) cases.set(goId, found)
      }
    },
    current: (since) => [...cases.values()].filter(({ state }) => state.lastAt >= since),
    finish(goId) {
      cases.delete(goId)
    },
    get lastId() {
      return lastId
    },
  }
}
