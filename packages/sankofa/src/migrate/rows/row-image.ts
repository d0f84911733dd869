/** All rows of a database, as texts or hashes that can be compared. Plain data. */
export type RowImage = {
  readonly tables: readonly TableImage[]
  /** May values be shown to people? Not those of real rows. */
  readonly shown: boolean
}

export type TableImage = {
  /** As a person says it: `public.users`. */
  readonly table: string
  readonly rows: number
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Columns of the primary key; empty: a row is known by all of its values. */
  readonly key: readonly string[]
  /** One text or hash a column, in the order of `columns`; absent when the table has more rows than are kept. */
  readonly list?: readonly ImageRow[]
  /** Instead of the list, in the order of `columns`: the hash is equal for equal values in any order. */
  readonly hashes?: readonly { readonly hash: string; readonly nulls: number }[]
}

export type ImageRow = readonly (string | null)[]

export type RowDifference = {
  readonly table: string
  readonly column?: string
  readonly kind: 'rows lost' | 'values changed' | 'rows added' | 'table gone' | 'column gone'
  /** How many rows it concerns. */
  readonly rows: number
  /** One sentence. */
  readonly text: string
}

export type RowComparison = {
  readonly same: boolean
  readonly differences: readonly RowDifference[]
  /** What could not be compared row by row, and why: one sentence each. */
  readonly unchecked: readonly string[]
}
