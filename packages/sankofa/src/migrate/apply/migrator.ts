import type pg from 'pg'
import type { Clock } from '../../core/index.ts'
import type { MigrationSet, Step, StepClient } from '../migration.ts'
import type { StepWatcher, UnitFrame } from '../run/run-step.ts'
import type { GroupStatus } from './group-status.ts'
import type { PassedOver } from './tolerant.ts'

export type MigratorOptions = {
  /** Two connections are used: one that holds the lock and works, one that looks who blocks it. */
  readonly pool: pg.Pool
  /** Absent: only what the database itself knows can be told and taken back. */
  readonly set?: MigrationSet
  readonly actor: string
  readonly clock: Clock
  readonly log?: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
  readonly stash?: StashHook
  /** How long a statement may wait for a lock, and make others wait behind it. 2,000 unless told. */
  readonly lockTimeoutMs?: number
  /** How often a unit that got no lock is tried; 10 unless told. */
  readonly tries?: number
  /** All tries together; 120,000 unless told. */
  readonly giveUpAfterMs?: number
  /** 0, no limit, unless told. */
  readonly statementTimeoutMs?: number
  /** How long to wait for another migrator; 60,000 unless told. */
  readonly waitMs?: number
  /** Names this process to those who wait for it. */
  readonly holder?: string
  readonly release?: string
  /** Asked between the batches of a backfill: a reason to wait, or `undefined` to go on. */
  readonly pauseWhile?: () => Promise<string | undefined>
}

/** Keeps what a step destroys, and puts it back. */
export type StashHook = (given: {
  readonly direction: 'up' | 'undo'
  readonly group: string
  readonly migration: string
  readonly step: Step
  /** What takes the step back, where there is something. */
  readonly opposite?: Step
  /** As the database is before the step; inside its transaction where several migrations share one. */
  readonly client: StepClient
}) => Promise<{ readonly watcher: StepWatcher; readonly frame: Pick<UnitFrame, 'begun' | 'ending'> } | undefined>

export type RunOptions = {
  /** What became of the statement that may have happened or not: it is done, or it is to run again. */
  readonly inDoubt?: 'done' | 'again'
}
export type UpOptions = RunOptions & {
  /** Groups before it may be missing. */
  readonly outOfOrder?: boolean
  /** Applied migrations whose edited files are taken over as they are, without running them. */
  readonly accept?: readonly string[]
}
export type BackOptions = RunOptions & {
  /** Later groups are taken back first. */
  readonly alsoLater?: boolean
}

export type Ran = {
  readonly id: string
  readonly tookMs: number
  /** Statements of the undo that found nothing to do, because the migration had only been half applied. */
  readonly passedOver?: readonly PassedOver[]
}
export type Applied = {
  /** In order; those that were applied already are not among them. */
  readonly groups: readonly string[]
  readonly migrations: readonly Ran[]
  /** Known to the tool's own history, and to Sankofa only from now on. */
  readonly adopted: readonly string[]
  readonly tookMs: number
}
export type TakenBack = {
  /** In the order in which they went. */
  readonly groups: readonly string[]
  readonly migrations: readonly Ran[]
  readonly tookMs: number
}

export type Migrator = {
  /** The groups in order. Changes nothing. */
  status(): Promise<readonly GroupStatus[]>
  /** Applies what is missing of a group; goes on where a run was interrupted. */
  up(group: string, options?: UpOptions): Promise<Applied>
  /** Every group that is missing, with one look at the lock and the state. @param options.to - the last group */
  upAll(options?: UpOptions & { readonly to?: string }): Promise<Applied>
  /** Takes a group back, also one whose files are not here. */
  back(group: string, options?: BackOptions): Promise<TakenBack>
}
