import type { ChangeKind, Journal, NewRecord } from '../../journal/index.ts'

/** A moment at which a process may die: just before or just after something that lasts. */
export type Moment = string

export type Crash = {
  readonly journal: Journal
  readonly kind: ChangeKind<unknown>
  /** Every moment that was passed, in order; each is named once. */
  readonly passed: readonly Moment[]
  readonly isDead: () => boolean
}

/** The name of what a record does: stage and pause tell exposures apart. */
function labelOf(record: Pick<NewRecord, 'type' | 'data'>): string {
  const { type, data } = record as NewRecord
  if (type !== 'exposing' && type !== 'exposed') return type
  return `${type} ${data.stage}${data.share === 0 ? ' pause' : ''}`
}

/**
 * Journal and kind of a process that dies at `dieAt`: nothing that it does afterwards lasts, as after kill -9.
 *
 * @param dieAt - `undefined` to live, and learn the moments
 * @param pause - instead of dying, waits at that moment for what this returns; the whole process waits with it, because
 *   what its other loop did meanwhile would be a moment that nobody was killed at
 */
export function crashing(
  journal: Journal,
  kind: ChangeKind<unknown>,
  dieAt: Moment | undefined,
  pause?: () => Promise<void>,
): Crash {
  const passed: Moment[] = []
  let dead = false
  const pass = async (moment: Moment): Promise<void> => {
    if (dead) throw new Error('this process is dead')
    if (!passed.includes(moment)) passed.push(moment)
    if (moment !== dieAt) return
    if (pause !== undefined) return pause()
    dead = true
    throw new Error(`killed at "${moment}"`)
  }
  let turn: Promise<unknown> = Promise.resolve()
  const around = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const run = async (): Promise<T> => {
      await pass(`before ${name}`)
      const result = await work()
      await pass(`after ${name}`)
      return result
    }
    if (pause === undefined) return run()
    const mine = turn.then(run)
    turn = mine.catch(() => {})
    return mine
  }
  return {
    passed,
    isDead: () => dead,
    journal: {
      append: (record, options) => around(`record ${labelOf(record)}`, () => journal.append(record, options)),
      read: (filter) => {
        if (dead) throw new Error('this process is dead')
        return journal.read(filter)
      },
    },
    kind: {
      ...kind,
      prove: (plan) => around('proving', () => kind.prove(plan)),
      expose: (id, plan, share, epoch) => around(`showing ${share * 100} %`, () => kind.expose(id, plan, share, epoch)),
      undo: (id, plan, epoch) => around('taking back', () => kind.undo(id, plan, epoch)),
      settle: (id, plan, epoch) => around('giving the undo up', () => kind.settle(id, plan, epoch)),
    },
  }
}
