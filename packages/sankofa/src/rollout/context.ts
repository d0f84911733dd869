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

const longestText = 2_000

/** What was thrown, as the journal takes it: never empty, and without the pages that an assertion may print. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  return clip(text) || 'no reason was given'
}

/** The journal refuses longer texts, and a refusal that is refused would be tried for ever. */
export const clip = (text: string): string =>
  text.length <= longestText ? text : `${text.slice(0, longestText - 2)} …`

/** Journals as the leader, and reads what others have journalled meanwhile. */
export async function write(turn: Turn, change: ChangeId, draft: Draft): Promise<JournalRecord> {
  const { journal, clock, follower } = turn.context
  const record = { change, actor: 'watcher', ...draft }
  const written = await journal.append(record, { epoch: turn.epoch, at: new Date(clock.now()) })
  await follower.refresh()
  return written
}
