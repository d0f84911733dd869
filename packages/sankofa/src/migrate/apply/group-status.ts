import type { Holder } from './lock.ts'
import type { ProofOnFile } from './proofs.ts'

export type GroupState = 'pending' | 'applied' | 'applying' | 'undoing' | 'unknown here'

/** What the database says of one group of migrations: the unit that is applied and taken back. */
export type GroupStatus = {
  readonly group: string
  /** Ids, in their order. */
  readonly migrations: readonly string[]
  /** `unknown here`: applied, and not in the folder, such as in an older checkout. It can be taken back all the same. */
  readonly state: GroupState
  readonly appliedAt?: Date
  readonly by?: string
  /** The file is not what was applied. */
  readonly drift?: 'edited since' | 'undo edited since'
  /** Those whose files differ. */
  readonly drifted?: readonly string[]
  readonly interruptedAt?: Interruption
  /** Somebody is at it now. */
  readonly running?: Holder
  readonly proof?: ProofOnFile & { readonly stale?: string }
  readonly backfill?: BackfillProgress
  /** Why it cannot be taken back. */
  readonly noUndo?: string
}

export type Interruption = {
  readonly migration: string
  /** 0-based: the one to run next. */
  readonly unit: number
  readonly of: number
  /** A sentence that says how to go on. */
  readonly next: string
  /** A statement that may have happened or not, when looking at the database does not tell. */
  readonly inDoubt?: string
}

export type BackfillProgress = {
  readonly name: string
  readonly rows: bigint
  /** As the statistics of the table have it; absent when it has none. */
  readonly estimatedRows?: bigint
  readonly state: 'running' | 'paused' | 'done'
  readonly pausedBecause?: string
}
