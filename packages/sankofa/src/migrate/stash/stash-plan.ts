import type { TableName } from '../sql/effects.ts'
import type { LockMode } from '../watch/observe-statement.ts'
import type { Settings } from './as-ourselves.ts'
import type { Added } from './step-shape.ts'

/** One table of which a step, or what takes it back, may destroy something. */
export type Keep = {
  readonly table: TableName & { readonly schema: string }
  /** What is copied of each row; `all` also covers rows that go as a whole. */
  readonly columns: readonly string[] | 'all'
  /** `key`: a key that stays as it is; `rest`: all columns that stay as they are, counted; `whole`: all columns, counted. */
  readonly knownBy: 'key' | 'rest' | 'whole'
  /** The columns by which a row is known again. */
  readonly key: readonly string[]
  /** Columns that the step, or what takes it back, drops, changes the type of or writes by name. */
  readonly written: readonly string[]
  /** As PostgreSQL estimates them. */
  readonly rows: number
  readonly bytes: number
  /** `hide`: the column stays where it is, under another name; `move`: the table does, in the stash's schema. */
  readonly how: 'copy' | 'hide' | 'move'
  /** Before which unit of the step it is copied. */
  readonly unit: number
  /** Why it is kept, and what is weaker than usual: a phrase for people. */
  readonly because: string
}

/** A table, or a view, and the strongest lock that is needed on it. */
export type TableLock = { readonly table: TableName & { readonly schema: string }; readonly mode: LockMode }

/** What has to be kept before a step runs. Plain data. */
export type StashPlan = {
  readonly keeps: readonly Keep[]
  /** The most that copying may take; what is left after the step is usually far less. */
  readonly bytes: number
  /** The step can only be run with a loss, or nobody can know: why, as a sentence. */
  readonly refuse?: string
  /** Tables, as `schema.table`, of which rows are updated, if only in columns that the step adds. */
  readonly updates: readonly string[]
  /** Columns, as `schema.table.column`, that get a type in which no value is another. */
  readonly widened: readonly string[]
  /** The text shows that the step destroys nothing, so that nobody has to watch it. */
  readonly harmless: boolean
  /** Everything the step does is one transaction. */
  readonly oneTransaction: boolean
  /** What takes the step back, where it can be tried out inside the step's transaction. */
  readonly rehearsal?: readonly string[]
  /** What the step makes again, so that what is hidden or moved can take its place. */
  readonly again: { readonly columns: readonly Added[]; readonly tables: readonly TableName[] }
  /** Names of tables, and other words, of which the step may want all columns there are. */
  readonly exposes: readonly string[]
  /** What is locked before anything else, by unit; for trying out the opposite where that is a transaction of its own. */
  readonly locks: { readonly units: readonly (readonly TableLock[])[]; readonly trial: readonly TableLock[] }
  /** Settings of the connection before the step. */
  readonly settings: Settings
  /** Sentences on what is weaker than a copy by key in one transaction. */
  readonly notes: readonly string[]
}

/** What running a step kept and gave back. */
export type StashReport = {
  readonly kept: readonly {
    readonly table: string
    readonly rows: number
    readonly bytes: number
    readonly stash: string
  }[]
  readonly restored: readonly RestoredTable[]
}

export type RestoredTable = {
  readonly table: string
  /** Rows that were missing. */
  readonly inserted: number
  /** Rows of which at least one value was put back. */
  readonly updated: number
  /** Rows that somebody has deleted since: they stay deleted. */
  readonly deletedSince: number
  /** Values that were written since: they stay as written. */
  readonly writtenSince: number
  /** Rows that stay in the stash, with the reason of the first one. */
  readonly left: number
  readonly leftBecause?: string
}
