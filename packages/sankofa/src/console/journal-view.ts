import type { ChangeId } from '../core/index.ts'
import { advance, type ChangeState, type Journal, type JournalRecord } from '../journal/index.ts'
import type { Mark } from './contract.ts'
import { reachOf } from './reach.ts'
import { createShipLog, type ShipLog } from './releases/ship-log.ts'
import { percent } from './words.ts'

const marksMost = 2_000

/** What the screen needs of the journal, kept up to date by reading only what is new. */
export type JournalView = {
  refresh(): Promise<void>
  states(): readonly ChangeState[]
  /** Who wrote the last record of a change. */
  lastActor(change: ChangeId): string
  /** When changes went out and came back, oldest first. */
  marks(): readonly Mark[]
  /** What deployers did, newest first. */
  readonly ships: ShipLog['runs']
}

export function createJournalView(journal: Journal): JournalView {
  const states = new Map<ChangeId, ChangeState>()
  const actors = new Map<ChangeId, string>()
  const marks: Mark[] = []
  const ships = createShipLog()
  let lastId = 0n
  let reading: Promise<void> | undefined

  const read = async (): Promise<void> => {
    // Ids grow in the order of commits, so nothing older can still appear.
    for (const record of await journal.read({ afterId: lastId })) {
      const state = advance(states.get(record.change), record)
      if (state !== undefined) states.set(record.change, state)
      actors.set(record.change, record.actor)
      const mark = markOf(record)
      if (mark !== undefined) marks.push(mark)
      if (record.type === 'ship-step') ships.add(record)
      lastId = record.id
    }
    if (marks.length > marksMost) marks.splice(0, marks.length - marksMost)
  }

  return {
    refresh() {
      reading ??= read().finally(() => {
        reading = undefined
      })
      return reading
    },
    states: () => [...states.values()],
    lastActor: (change) => actors.get(change) ?? '',
    marks: () => marks,
    ships: ships.runs,
  }
}

function markOf(record: JournalRecord): Mark | undefined {
  const atMs = record.at.getTime()
  const { change } = record
  switch (record.type) {
    case 'exposed': {
      const { share, stage } = record.data
      const reach = reachOf(record.kind)
      const short = share === 1 ? change : stage === 1 ? `${change} ${percent(share)}` : percent(share)
      return share === 0
        ? { atMs, change, what: 'paused', short: 'paused', words: reach.wasPaused }
        : { atMs, change, what: 'shown', short, words: reach.was(share) }
    }
    case 'undone':
      return { atMs, change, what: 'taken back', short: `↩ ${change}`, words: 'was taken back from everyone' }
    case 'settled':
      return { atMs, change, what: 'kept', short: `${change} kept`, words: 'was kept for good' }
    default:
      return undefined
  }
}
