import { beginRow, refer, valueFor } from './begin-row.ts'
import { checkRule } from './check-rule.ts'
import { mend, writesNull } from './mend.ts'
import { mendTame } from './mend-tame.ts'
import type { PlanOptions } from './plan-options.ts'
import { type Random, randomFrom } from './random.ts'
import { referenceRule } from './reference-rule.ts'
import { apply, type Move, type Row, type Rule } from './rule.ts'
import { bare, type Column, type Table } from './table.ts'
import { uniqueRule } from './unique-rule.ts'

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
  const others = options.sparing ? narrowed(table, written, checks, fresh) : new Map()

  const planned: Row[] = []
  let broken: string | undefined
  let exhausted = false
  if (table.partitions?.length === 0) return { rows: [], broken: 'it is partitioned and has no partition' }
  // A row that could not be mended has others in its place.
  const most = begun === undefined ? count * 3 : count
  let failures = 0
  for (let index = 0; index < most && planned.length < count; index++) {
    const row = begun?.[index] ?? beginRow(table, written, index, { ...options, random, distinct })
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
  checks: readonly Rule[],
  fresh: (column: Column, row: Row, random: Random) => Move | undefined,
): ReadonlyMap<number, Rule['move']> {
  const checksOf = (column: Column): readonly Rule[] => checks.filter((check) => check.columns.includes(column.number))
  const referring = new Set(table.references.flatMap((reference) => reference.columns))
  const few = ({ type }: Column): boolean => bare(type).kind === 'enum' || bare(type).name === 'bool'
  const found = columns.filter(
    (column) =>
      (column.type.kind === 'domain' || checksOf(column).length > 0) && !referring.has(column.number) && !few(column),
  )
  return new Map(
    found.map((column) => {
      const own = checksOf(column)
      // What a check suggests is more often right than what chance does.
      return [
        column.number,
        (row, random) => own[random(own.length + 1)]?.move(row, random) ?? fresh(column, row, random),
      ]
    }),
  )
}
