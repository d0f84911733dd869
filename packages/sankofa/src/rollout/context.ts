import type pg from 'pg'
import type { Logger } from 'pino'
import type { ChangeId, Clock } from '../core/index.ts'
import type { ChangeKind, ChangeKindName, ChangeState, Journal, JournalRecord, NewRecord } from '../journal/index.ts'
import type { Measurement } from '../observe/index.ts'
import type { Evidence } from './facts.ts'
import type { Follower } from './follow.ts'
import type { Limits } from './limits.ts'
import type { Retries } from './retries.ts'

/** What the rollout works with, for as long as the process lives. */
export type RolloutContext = {
  readonly pool: pg.Pool
  readonly journal: Journal
  readonly kinds: ReadonlyMap<ChangeKindName, ChangeKind<unknown>>
  readonly measurement: Measurement
  readonly attempts: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  readonly limits: Limits
  readonly follower: Follower
  readonly evidence: Evidence
  readonly retries: Retries
  readonly newSalt: () => string
  /** Acts that take long and run beside the turns, by act and change. */
  readonly running: Map<string, Running>
}

export type Running = {
  promise?: Promise<void>
  ended: { readonly result: unknown } | { readonly error: unknown } | undefined
}

/** One look at the world, under one epoch. */
export type Turn = {
  readonly context: RolloutContext
  readonly epoch: bigint
  /** Changes whose new windows this turn has read already. */
  readonly collected: Set<ChangeId>
  /** Why exposure of this change must stand at 0 now. */
  silentFor(state: ChangeState): string | undefined
}

/** Leaves out what the leader fills in. */
export type Draft = NewRecord extends infer R ? (R extends NewRecord ? Pick<R, 'type' | 'data'> : never) : never

/** Journals as the leader, and reads what others have journalled meanwhile. */
export async function write(turn: Turn, change: ChangeId, draft: Draft): Promise<JournalRecord> {
  const { journal, clock, follower } = turn.context
  const record = { change, actor: 'watcher', ...draft }
  const written = await journal.append(record, { epoch: turn.epoch, at: new Date(clock.now()) })
  await follower.refresh()
  return written
}
