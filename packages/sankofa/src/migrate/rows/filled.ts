/** What was done to a database to give it rows. Table names as a person says them: `public.users`. */
export type Filled = {
  /** Tables that got rows, and how many. 0: it had some already, and takes no more of them. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[]
  /** Tables that have no row: a proof says nothing about their data. `reason` is a sentence. */
  readonly empty: readonly { readonly table: string; readonly reason: string }[]
  /** Of `tables` those whose triggers refuse every row that was made: theirs went in with the triggers off. */
  readonly pastTriggers?: readonly string[]
  /** Existing rows that were altered, one a table: only with `touch`. */
  readonly touched?: readonly { readonly table: string; readonly column: string }[]
}

export type FillOptions = {
  readonly rowsPerTable: number
  /** The same seed on the same schema gives the same rows. */
  readonly seed: number
  /** `schema` or `schema.table` names left alone, such as a tool's history table. */
  readonly ignore?: readonly string[]
  /**
   * Plain values: no NULL where there may be one, no duplicates, no extremes, simple texts. For an up that rows may
   * rightly hinder (it adds NOT NULL, or UNIQUE): what fails with these too is the migration's own fault.
   */
  readonly tame?: boolean
}
