import type { ChangeId } from '../core/index.ts'
import { advance, type ChangeState, type Journal } from '../journal/index.ts'

/** The states of all changes, kept up by reading only what is new in the journal. */
export type Follower = {
  refresh(): Promise<ReadonlyMap<ChangeId, ChangeState>>
  /** As of the last refresh. */
  states(): ReadonlyMap<ChangeId, ChangeState>
}

export function follow(journal: Journal): Follower {
  const states = new Map<ChangeId, ChangeState>()
  let afterId = 0n
  let reading: Promise<void> = Promise.resolve()
  const readOn = async (): Promise<void> => {
    for (const record of await journal.read({ afterId })) {
      const state = advance(states.get(record.change), record)
      if (state !== undefined) states.set(record.change, state)
      afterId = record.id
    }
  }
  return {
    async refresh() {
      // One reader at a time: two at once would fold the same records in turns.
      reading = reading.catch(() => {}).then(readOn)
      await reading
      return states
    },
    states: () => states,
  }
}
