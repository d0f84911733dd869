import { randomBytes } from 'node:crypto'
import type { ChangeId } from '../../core/index.ts'
import type { Journal, ShipStep } from '../../journal/index.ts'
import type { StepEvent } from '../../pipeline/index.ts'

/** Writes what a deployer does into the journal, as soon as there is a change to write it to. */
export type ShipJournal = {
  onEvent(event: StepEvent): void
  /** What was done before is written then, with its own times. */
  belongsTo(change: ChangeId): void
  /** Resolves when everything is written. A journal that is away does not stop a deployer: `@returns` how much is not in it. */
  flush(): Promise<number>
}

export function journalSteps(journal: Journal, actor: string, titles: ReadonlyMap<string, string>): ShipJournal {
  const run = randomBytes(6).toString('hex')
  const waiting: { readonly at: Date; readonly data: ShipStep }[] = []
  let change: ChangeId | undefined
  let writing: Promise<void> = Promise.resolve()
  let lost = 0

  const write = (): void => {
    const to = change
    if (to === undefined) return
    for (const { at, data } of waiting.splice(0)) {
      writing = writing
        .then(async () => void (await journal.append({ change: to, type: 'ship-step', actor, data }, { at })))
        .catch(() => {
          lost++
        })
    }
  }
  return {
    onEvent(event) {
      const data = stepOf(event, run, titles)
      if (data === undefined) return
      waiting.push({ at: new Date(event.at), data })
      write()
    },
    belongsTo(known) {
      change = known
      write()
    },
    async flush() {
      await writing
      return lost + waiting.length
    },
  }
}

function stepOf(event: StepEvent, run: string, titles: ReadonlyMap<string, string>): ShipStep | undefined {
  const { id: step, type } = event
  const common = { run, step, title: titles.get(step) ?? step }
  switch (type) {
    case 'begun':
      return { ...common, state: 'begun' }
    case 'done':
      return { ...common, state: 'done', tookMs: Math.round(event.tookMs), ...detailOf(event.result) }
    case 'skipped':
      return { ...common, state: 'skipped', ...detailOf(event.reason) }
    case 'failed': {
      const last = event.lastLines.slice(-10).join('\n')
      return { ...common, state: 'failed', tookMs: Math.round(event.tookMs), ...detailOf(`${event.reason}\n${last}`) }
    }
    case 'aborted':
      return { ...common, state: 'failed', tookMs: Math.round(event.tookMs), detail: 'The deployer was told to end.' }
    case 'line':
      return undefined
    default:
      return event satisfies never
  }
}

const detailOf = (text: string): { readonly detail?: string } =>
  text.trim() === '' ? {} : { detail: text.trim().slice(0, 4_000) }
