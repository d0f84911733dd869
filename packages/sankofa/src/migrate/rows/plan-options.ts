import type { Row } from './rule.ts'
import type { Reference } from './table.ts'

export type PlanOptions = {
  readonly rows: number
  readonly seed: number
  readonly tame: boolean
  /** NULL only where nothing else will do. */
  readonly sparing: boolean
  /** 0 at first; each further one gives other rows. */
  readonly attempt: number
  /** Rows of a table that are there by now. */
  readonly known: (oid: number) => readonly Row[]
  /** Foreign keys whose parents are not there yet: their columns get a stand-in. */
  readonly later?: ReadonlySet<Reference>
  /** Columns that the server wanted, although they may be NULL. */
  readonly wanted?: ReadonlySet<number>
  /** Constraints that the server found broken although they seemed to hold: their columns take a chance. */
  readonly refused?: ReadonlySet<string>
  /** A row that the server has taken: its values are repeated where they may be. */
  readonly like?: Row | undefined
  /** Rows that were planned with `later`: they are mended to what is known now. */
  readonly begun?: readonly Row[]
}
