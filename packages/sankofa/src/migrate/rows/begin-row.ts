import { makeValue } from './make-value.ts'
import { writesNull } from './mend.ts'
import type { PlanOptions } from './plan-options.ts'
import { type Random, randomFrom } from './random.ts'
import { apply, type Row, type Rule } from './rule.ts'
import type { Column, Reference, Table } from './table.ts'

type Begin = PlanOptions & { readonly random: Random; readonly distinct: ReadonlySet<number> }

/** The row before it is mended: full, bare, then mixed, so that each column has values, NULL and a duplicate. */
export function beginRow(table: Table, columns: readonly Column[], index: number, options: Begin): Row {
  const { seed, attempt, random, distinct, tame, sparing, wanted, like } = options
  const row: Row = new Map()
  const referring = new Set(table.references.flatMap((reference) => reference.columns))
  // Rows of another seed, attempt or table are others: a trigger may mind a name that another table has. In fours, since
  // what is large and what is negative comes in turns of four.
  const first = (((seed % 30) + 30) % 30) * 1_000 + attempt * 40 + randomFrom(table.label)(50) * 4
  for (const column of columns) {
    const { number, sequence } = column
    if (sequence !== undefined && column.type.category === 'N') {
      row.set(number, String(sequence.next + sequence.step * (index + attempt * 40)))
      continue
    }
    if (referring.has(number) && !options.later?.size) continue
    if (like?.has(number) === true && !distinct.has(number)) {
      row.set(number, like.get(number) ?? null)
      continue
    }
    // Of four rows the third or the fourth says what the first says, in turns, so that no column goes without its large or
    // its negative value.
    const repeats = !tame && !distinct.has(number) && index % 4 === 2 + ((Math.floor(index / 4) + number) % 2)
    const mayBeNull = !column.notNull && wanted?.has(number) !== true
    if (mayBeNull && !repeats && isBare(index, options)) {
      row.set(number, null)
      continue
    }
    apply(row, [[number, valueFor(column, first + (repeats ? 0 : index), tame || attempt > 2, random)]])
    if (!row.has(number) && !column.hasDefault)
      row.set(number, column.notNull || sparing ? guess(index + attempt) : null)
  }
  return row
}

function isBare(
  index: number,
  { attempt, tame, sparing, random }: Pick<Begin, 'attempt' | 'tame' | 'sparing' | 'random'>,
): boolean {
  if (tame) return !sparing && attempt > 1 && random(2) === 0
  const place = (index + attempt) % 4
  return place === 1 || (place > 1 && random(3) === 0)
}

export const valueFor = (column: Column, variant: number, tame: boolean, random: Random): string | undefined =>
  makeValue(column.type, column.modifier, { variant, tame, column: column.name, random })

/** For types that nobody here knows. */
const guesses = ['1', 'a', '{}', '(1,2)', '[1,2,3]', '2020-01-01', '00', '']
const guess = (number: number): string => guesses[number % guesses.length] ?? ''

type Referring = {
  readonly table: Table
  readonly index: number
  readonly options: PlanOptions
  readonly random: Random
  readonly byNumber: ReadonlyMap<number, Column>
}

/** Every parent has a turn, and a row of its own table only where there is one before it: no row is its own parent by choice. */
export function refer(
  row: Row,
  reference: Reference,
  rule: Rule,
  { table, index, options, random, byNumber }: Referring,
): void {
  const nullable = reference.columns.filter((number) => byNumber.get(number)?.notNull === false)
  const parents = options.known(reference.to).length + (reference.to === table.oid ? index : 0)
  const wanted = nullable.some((number) => options.wanted?.has(number))
  const bare = parents === 0 || (!wanted && isBare(index, { ...options, random }))
  const set = reference.full || nullable.length === 0 ? reference.columns : nullable
  if (nullable.length > 0 && bare) {
    apply(
      row,
      set.map((number) => [number, null]),
    )
    return
  }
  if (reference.columns.some((number) => row.get(number) === null)) return
  if (reference.columns.every((number) => row.has(number)) && !rule.broken(row)) return
  const parent = options.known(reference.to)[index % Math.max(1, parents)]
  if (reference.to !== table.oid && parent !== undefined) {
    apply(
      row,
      reference.columns.map((number, place) => [number, parent.get(reference.toColumns[place] ?? 0)]),
    )
    return
  }
  let move = rule.move(row, random)
  for (let look = 0; look < 8 && options.sparing && move !== undefined && writesNull(move); look++) {
    move = rule.move(row, random)
  }
  if (move !== undefined) apply(row, move)
}
