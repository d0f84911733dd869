import type { Random } from './random.ts'

/** A row in the making: texts by the number of their column. A column that is absent is left to its default. */
export type Row = Map<number, string | null>

/** What to write into which columns; `undefined` leaves a column to its default. */
export type Move = readonly (readonly [column: number, value: string | null | undefined])[]

/** Something that must hold for a row. */
export interface Rule {
  readonly name: string
  /** Every column that decides whether it holds. */
  readonly columns: readonly number[]
  /** Surely not satisfied. What only the server can know is not broken. */
  broken(row: Row): boolean
  /** A change that may mend it; `undefined` when there is none. */
  move(row: Row, random: Random): Move | undefined
}

export function apply(row: Row, move: Move): void {
  for (const [column, value] of move) {
    if (value === undefined) row.delete(column)
    else row.set(column, value)
  }
}
