import type { Difference, Grade } from '../catalogue/compare-catalogues.ts'
import type { LockMode, Observed } from '../watch/observe-statement.ts'
import type { Prediction } from '../watch/predict-blocking.ts'

/** How well the schema came back; `fails`: the undo ends in an error; `missing`: none was written and none could be derived. */
export type ProofGrade = Grade | 'fails' | 'missing'

/** What became of the rows that were there before. */
export type Loss = 'kept' | 'stashed' | 'lost'

/** A statement of the running release that works before the migration and not after it. */
export type Broken = { readonly text: string; readonly routes: readonly string[]; readonly reason: string }

/** A statement of the running release that could be prepared on the new schema, or not even on the old one, and was not run. */
export type Untried = Broken & {
  /** What it names, as `schema.table`. */
  readonly tables: readonly string[]
}

/** Everything that trying a group out on a shadow has shown. Plain data: it is stored, and printed by `--json`. */
export type MigrationProof = {
  readonly group: string
  readonly migrations: readonly string[]
  /** The undo is proved: the schema comes back, with rows in it, nothing lost, and up can run again. */
  readonly ok: boolean
  /** Hash of the SQL of up and undo. */
  readonly digest: string
  /** What it was proved on: `PostgreSQL 18.4, schema 1f3a…`. Another one makes the proof stale. */
  readonly base: string
  readonly undo: 'written' | 'derived' | 'none'
  readonly grade: ProofGrade
  /** Why up or undo ended in an error, and with which rows. */
  readonly failure?: Failure
  /** What is not as it was after up and undo, in words. */
  readonly differences: readonly Difference[]
  /** What is not as it was after up, undo and up again. */
  readonly secondUp: readonly Difference[]
  readonly loss: Loss
  /** What would be lost without the stash, and with `lost` also with it: one sentence each. */
  readonly losses: readonly string[]
  /** What up does to data of before, in words: `drops public.users.phone`. Empty where nothing can die. */
  readonly destroys: readonly string[]
  /** Large dropped columns and tables may be hidden or moved instead of copied: that was tried, and is exact. */
  readonly instant: boolean
  readonly rows: {
    readonly tables: number
    readonly filled: number
    /** Tables without rows, with the reason: of their data nothing was tried. */
    readonly empty: readonly string[]
    /** Tables whose triggers refuse every row that was made: theirs went in past them. Absent where there are none. */
    readonly pastTriggers?: readonly string[]
    /** What failed with such rows, where it went without them: their triggers may be right to refuse them, or the migration wrong. */
    readonly failedPastTriggers?: string
    /** What could not be compared row by row, and why. */
    readonly unchecked: readonly string[]
  }
  readonly brokenStatements: readonly Broken[]
  /** Those that work with some rows and fail with values that the schema before took. */
  readonly riskyStatements: readonly Broken[]
  /** Statements of the running release that were tried, and worked. */
  readonly workingStatements: number
  /** Those that could not be run, such as for tables without rows; absent in proofs of before they were counted. */
  readonly untriedStatements?: readonly Untried[]
  /** Tables of before of which it was seen to change or delete rows, or that it drops: what the stash looks at. */
  readonly endangeredTables: readonly string[]
  /** Tables of before that it locks or writes. */
  readonly touchedTables: readonly string[]
  readonly up: StepSeen
  readonly undoSeen: StepSeen
  /** The undo, where it was derived: the SQL that was proved. */
  readonly derived?: { readonly sql: string; readonly notes: readonly string[] }
  /** The same by migration. */
  readonly derivedUndo?: Readonly<Record<string, string>>
  /** By migration: what a module's undo sent, so that it can be taken back without the module. */
  readonly captured?: Readonly<Record<string, readonly string[]>>
  /** What a module's up sent: its text does not say what it does. */
  readonly capturedUp?: Readonly<Record<string, readonly string[]>>
  readonly provedAt: string
  readonly tookMs: number
}

export type Failure = {
  readonly step: 'up' | 'undo' | 'up again' | 'undo after new rows'
  /** `rows`: it works on an empty database, and fails once there are rows. */
  readonly when: 'always' | 'rows'
  /** PostgreSQL's message. */
  readonly reason: string
  readonly statement?: string
  readonly migration: string
}

export type StepSeen = {
  readonly tookMs: number
  /** The strongest lock on each table of before. */
  readonly locks: readonly { readonly table: string; readonly mode: LockMode }[]
  readonly rewritten: readonly string[]
  readonly scanned: readonly string[]
  readonly statements: readonly Observed[]
  /** With the sizes of the target; absent when there is none. */
  readonly prediction?: Prediction
}
