import type { WrittenRules } from './written-rules.ts'

/** Why a statement is not known to work. */
export type Why = 'cannot be prepared' | 'fails when run' | 'fails for some values' | 'not tried'

/** Values with which a statement worked: taken from rows of a shadow, kept in memory only. */
export type Attempt = {
  /** One for each `$n`, as text; `null` is SQL's. */
  readonly values: readonly (string | null)[]
  /** The row whose values an INSERT sends again: it is taken away first, so that every rule that held for it still does. */
  readonly instead?: RowKey
  /** What is special about the values, such as `0 for shop.item.price`; absent for those of a row as they are. */
  readonly variation?: string
  /** Rows that it returned or changed. */
  readonly rows: number
}

export type RowKey = {
  readonly schema: string
  readonly table: string
  /** By number of the column, so that it is found under a new name too. */
  readonly columns: readonly { readonly name: string; readonly number: number; readonly value: string }[]
}

/** What became of one recorded statement on one schema. */
export type StatementFinding = {
  readonly text: string
  readonly routes: readonly string[]
  readonly ok: boolean
  readonly why?: Why
  /** PostgreSQL's message, and with which values, where only some fail. */
  readonly reason?: string
  /** What worked here: to be sent again on the schema after the migration. */
  readonly worked: readonly Attempt[]
  /** Names of the foreign keys that it had to satisfy here. */
  readonly references?: readonly string[]
  /** PostgreSQL could prepare it here; what could not be run can still be compared by this. */
  readonly prepared: boolean
  /** What it names, as `schema.table`. */
  readonly tables: readonly string[]
  /** Of what it writes; absent where it could not be prepared. */
  readonly written?: WrittenRules
}

/** Before against after. */
export type StatementComparison = {
  /** Worked before and do not after, whatever is sent: the running release breaks. */
  readonly broken: readonly StatementFinding[]
  /** Work with the values of some rows, and no longer with others that were right before: it breaks if it sends those. */
  readonly risky: readonly StatementFinding[]
  /** Did not work before either, or could not be run: what it does there is not known, and `reason` says why. */
  readonly notTried: readonly StatementFinding[]
  /** How many work before and after. */
  readonly working: number
}
