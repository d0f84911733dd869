/** Why a statement is not known to work. */
export const whys = ['cannot be prepared', 'fails when run', 'fails for some values', 'not tried'] as const
export type Why = (typeof whys)[number]

/** Values with which a statement did what it should: taken from rows of a shadow, kept in memory only. */
export type Attempt = {
  /** One for each `$n`, as text; `null` is SQL's. */
  readonly values: readonly (string | null)[]
  /** The row whose values an INSERT sends again: it is taken away first, so that every rule that held for it still does. */
  readonly instead?: { readonly schema: string; readonly table: string; readonly key: Readonly<Record<string, string>> }
  /** What it is about the values, such as `a long text for "user".name`; absent for those of a row as they are. */
  readonly variation?: string
  /** Rows that it touched or returned. */
  readonly rows: number
}

/** What became of one recorded statement on one schema. */
export type StatementFinding = {
  readonly text: string
  readonly routes: readonly string[]
  readonly ok: boolean
  readonly why?: Why
  /** PostgreSQL's message, in words. */
  readonly reason?: string
  /** What worked here: to be sent again on the schema after the migration. */
  readonly worked: readonly Attempt[]
}

/** Before against after. */
export type StatementComparison = {
  /** Worked before and do not after: the running release breaks. */
  readonly broken: readonly StatementFinding[]
  /** Did not work before either, or could not be tried: nothing is known, and `reason` says why. */
  readonly notTried: readonly StatementFinding[]
  /** How many worked before and after. */
  readonly working: number
}
