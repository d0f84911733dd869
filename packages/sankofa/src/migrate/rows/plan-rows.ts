import { checkRule } from './check-rule.ts'
import { makeValue } from './make-value.ts'
import { mend, writesNull } from './mend.ts'
import { mendTame } from './mend-tame.ts'
import { type Random, randomFrom } from './random.ts'
import { referenceRule } from './reference-rule.ts'
import { apply, type Move, type Row, type Rule } from './rule.ts'
import { bare, type Column, type Reference, type Table } from './table.ts'
import { uniqueRule } from './unique-rule.ts'

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

export type Planned = {
  readonly rows: readonly Row[]
  /** What could not be satisfied, where that made rows fewer than asked for. */
  readonly broken?: string
  /** Other values would not help: there is no parent, or each has its one child already. */
  readonly exhausted?: boolean
}

/** Plans rows of one table in memory so that, as far as can be known without the server, everything holds. */
export function planRows(table: Table, options: PlanOptions): Planned {
  const { rows: count, seed, attempt, known, later, begun } = options
  const random = randomFrom(seed, table.label, attempt)
  const written = table.columns.filter((column) => !column.generated)
  const byNumber = new Map(written.map((column) => [column.number, column]))
  const own: Row[] = [...known(table.oid)]

  const references = table.references
    .filter((reference) => later?.has(reference) !== true)
    .map((reference) => {
      const itself = reference.to === table.oid
      return { reference, rule: referenceRule(reference, written, itself ? own : known(reference.to), itself) }
    })
  const fresh = (column: Column, row: Row, draw: Random): Move | undefined => {
    const key = references.filter(({ reference }) => reference.columns.includes(column.number))
    const chosen = key[draw(key.length)]
    if (chosen !== undefined) return chosen.rule.move(row, draw)
    // Small numbers as often as large ones: a check may allow only some of them.
    const variant = draw(10 ** (1 + draw(6)))
    return [[column.number, valueFor(column, variant, options.tame || draw(2) === 0, draw)]]
  }
  const uniques = table.uniques.map((unique) => uniqueRule(unique, written, fresh))
  for (const row of own) for (const unique of uniques) unique.take(row)
  const distinct = new Set(table.uniques.flatMap((unique) => unique.columns))
  const checks = table.checks.map((check) => checkRule(check, table.columns, fresh))
  const leaves = (table.partitions ?? []).map((leaf) => checkRule(leaf, table.columns, fresh))
  const always = [...references.map(({ rule }) => rule), ...uniques, ...checks]
  const domains = written.flatMap((column) => domainRules(column, (row, draw) => fresh(column, row, draw)))
  const chancy = options.like ? [] : [...always, ...domains].filter(({ name }) => options.refused?.has(name))
  const others = narrowed(table, written, fresh)

  const planned: Row[] = []
  let broken: string | undefined
  let exhausted = false
  if (table.partitions?.length === 0) return { rows: [], broken: 'it is partitioned and has no partition' }
  // A row that could not be mended has others in its place.
  const most = begun === undefined ? count * 3 : count
  let failures = 0
  for (let index = 0; index < most && planned.length < count; index++) {
    const row = begun?.[index] ?? begin(table, written, index, { ...options, random, distinct })
    const leaf = leaves[(index + attempt) % Math.max(1, leaves.length)]
    for (const { reference, rule } of begun === undefined ? references : []) {
      refer(row, reference, rule, { table, index, options, random, byNumber })
    }
    for (const rule of chancy) {
      const move = rule.move(row, random) ?? []
      if (!options.sparing || !writesNull(move)) apply(row, move)
    }
    const rules: Rule[] = leaf === undefined ? always : [...always, leaf]
    const left = options.sparing ? mendTame(row, rules, random, { earlier: own, others }) : mend(row, rules, random)
    if (left.length > 0) {
      broken ??= `no row was found that satisfies "${left[0]?.name}"`
      exhausted = left.every((rule) => !checks.includes(rule) && rule !== leaf)
      if (exhausted && ++failures > 1) break
      continue
    }
    for (const unique of uniques) unique.take(row)
    own.push(row)
    planned.push(row)
  }
  return { rows: planned, ...(broken !== undefined && { broken, exhausted }) }
}

/** The checks of a domain that a column is of, as far as chance may mend them. */
function domainRules({ number, type }: Column, move: (row: Row, random: Random) => Move | undefined): readonly Rule[] {
  return type.kind === 'domain'
    ? type.checks.map(({ name }) => ({ name, columns: [number], broken: () => false, move }))
    : []
}

/** Columns whose values a check narrows down, so that rows may come to the same: what gives another one. Two or three values are few. */
function narrowed(
  table: Table,
  columns: readonly Column[],
  fresh: (column: Column, row: Row, random: Random) => Move | undefined,
): ReadonlyMap<number, Rule['move']> {
  const checked = new Set(table.checks.flatMap((check) => check.columns))
  const referring = new Set(table.references.flatMap((reference) => reference.columns))
  const few = ({ type }: Column): boolean => bare(type).kind === 'enum' || bare(type).name === 'bool'
  const found = columns.filter(
    (column) =>
      (checked.has(column.number) || column.type.kind === 'domain') && !referring.has(column.number) && !few(column),
  )
  return new Map(found.map((column) => [column.number, (row, random) => fresh(column, row, random)]))
}

type Begin = PlanOptions & { readonly random: Random; readonly distinct: ReadonlySet<number> }

/** The row before it is mended: full, bare, then mixed, so that each column has values, NULL and a duplicate. */
function begin(table: Table, columns: readonly Column[], index: number, options: Begin): Row {
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

const valueFor = (column: Column, variant: number, tame: boolean, random: Random): string | undefined =>
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
function refer(
  row: Row,
  reference: Reference,
  rule: Rule,
  { table, index, options, random, byNumber }: Referring,
): void {
  const nullable = reference.columns.filter((number) => byNumber.get(number)?.notNull === false)
  const parents = reference.to === table.oid ? index : options.known(reference.to).length
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
  const move =
    reference.to === table.oid || parent === undefined
      ? rule.move(row, random)
      : reference.columns.map((number, place) => [number, parent.get(reference.toColumns[place] ?? 0)] as const)
  if (move !== undefined) apply(row, move)
}
