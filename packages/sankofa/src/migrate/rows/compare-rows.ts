import { type MatchedRows, matchRows } from './match-rows.ts'
import type { RowComparison, RowDifference, RowImage, TableImage } from './row-image.ts'

export type CompareOptions = {
  /** `expected`: rows that were written in between are no difference. */
  readonly newRows: 'expected' | 'unexpected'
}

/**
 * Says what happened to the rows of `before`. Columns that exist in both are compared by the text of their values; where a
 * column has another kind of type now, only by what is NULL. An empty table or column that is gone took no data with it, so
 * it is the catalogue's to report.
 */
export function compareRows(before: RowImage, after: RowImage, options: CompareOptions): RowComparison {
  const later = new Map(after.tables.map((table) => [table.table, table]))
  const differences: RowDifference[] = []
  const unchecked: string[] = []
  for (const table of before.tables) {
    const now = later.get(table.table)
    if (now === undefined) {
      if (table.rows > 0) differences.push(tableGone(table))
      continue
    }
    if (table.list === undefined || now.list === undefined) {
      differences.push(...compareHashes(table, now, options, unchecked))
      continue
    }
    const matched = matchRows(table, now)
    differences.push(...compareMatched(table, now, matched, options, before.shown && after.shown))
  }
  if (options.newRows === 'unexpected') {
    const known = new Set(before.tables.map(({ table }) => table))
    const added = after.tables.filter(({ table, rows }) => !known.has(table) && rows > 0)
    differences.push(...added.map(({ table, rows }) => rowsAdded(table, rows)))
  }
  return { same: differences.length === 0, differences, unchecked }
}

const tableGone = ({ table, rows }: TableImage): RowDifference => ({
  table,
  kind: 'table gone',
  rows,
  text: `${table} is gone, with its ${counted(rows)}.`,
})

const rowsAdded = (table: string, rows: number): RowDifference => ({
  table,
  kind: 'rows added',
  rows,
  text: `${table} has ${counted(rows)} that ${rows === 1 ? 'was' : 'were'} not there before.`,
})

const rowsLost = (table: string, lost: number, of: number): RowDifference => ({
  table,
  kind: 'rows lost',
  rows: lost,
  text: `${figure(lost)} of ${counted(of)} of ${table} ${lost === 1 ? 'is' : 'are'} gone.`,
})

function compareMatched(
  before: TableImage,
  after: TableImage,
  { pairs, lost, added }: MatchedRows,
  options: CompareOptions,
  shown: boolean,
): readonly RowDifference[] {
  const { table } = before
  const differences: RowDifference[] = []
  if (lost > 0) differences.push(rowsLost(table, lost, before.rows))
  if (added > 0 && options.newRows === 'unexpected') differences.push(rowsAdded(table, added))
  for (const [place, { name, type }] of before.columns.entries()) {
    const at = after.columns.findIndex((column) => column.name === name)
    if (at < 0) {
      const values = (before.list ?? []).filter((row) => row[place] !== null).length
      if (values > 0) differences.push(columnGone(table, name, values))
      continue
    }
    const comparable = sameKind(type, after.columns[at]?.type ?? '')
    const changed = pairs.filter(([was, is]) => {
      const [old, now] = [was[place] ?? null, is[at] ?? null]
      return comparable ? old !== now : (old === null) !== (now === null)
    })
    const [first] = changed
    if (first === undefined) continue
    const example = shown ? ` (for example ${said(first[0][place])} became ${said(first[1][at])})` : ''
    differences.push({
      table,
      column: name,
      kind: 'values changed',
      rows: changed.length,
      text: `${table}.${name} changed in ${figure(changed.length)} of ${counted(before.rows)}${example}.`,
    })
  }
  return differences
}

const columnGone = (table: string, column: string, values: number): RowDifference => ({
  table,
  column,
  kind: 'column gone',
  rows: values,
  text: `${table}.${column} is gone, with its values in ${counted(values)}.`,
})

/** What can be said of tables that are too large to look at row by row. */
function compareHashes(
  before: TableImage,
  after: TableImage,
  { newRows }: CompareOptions,
  unchecked: string[],
): readonly RowDifference[] {
  const { table } = before
  if (after.rows < before.rows) return [rowsLost(table, before.rows - after.rows, before.rows)]
  if (after.rows > before.rows && newRows === 'unexpected') return [rowsAdded(table, after.rows - before.rows)]
  if (after.rows > before.rows || before.hashes === undefined || after.hashes === undefined) {
    unchecked.push(
      `${table} has ${counted(after.rows)}, too many to look at one by one, and rows were written in between: only their number was compared.`,
    )
    return []
  }
  return before.columns.flatMap(({ name, type }, place): RowDifference[] => {
    const was = before.hashes?.[place]
    const at = after.columns.findIndex((column) => column.name === name)
    const is = after.hashes?.[at]
    if (was === undefined) return []
    if (is === undefined) return was.nulls < before.rows ? [columnGone(table, name, before.rows - was.nulls)] : []
    const same = sameKind(type, after.columns[at]?.type ?? '') ? was.hash === is.hash : true
    if (same && was.nulls === is.nulls) return []
    const rows = Math.max(1, Math.abs(was.nulls - is.nulls))
    return [{ table, column: name, kind: 'values changed', rows, text: `Values of ${table}.${name} changed.` }]
  })
}

const kinds: readonly RegExp[] = [/^(text|character varying|citext|name)/, /^(smallint|integer|bigint)$/, /^numeric/]

/** Does the same value have the same text in both types? */
function sameKind(before: string, after: string): boolean {
  return before === after || kinds.some((kind) => kind.test(before) && kind.test(after)) || isTextOf(before, after)
}

/** A number or a uuid that became a text, or the other way round, looks as it did. */
const isTextOf = (before: string, after: string): boolean => {
  const looksTheSame = /^(smallint|integer|bigint|numeric|uuid|date|text|character varying)/
  const isText = /^(text|character varying)/
  return (isText.test(before) || isText.test(after)) && looksTheSame.test(before) && looksTheSame.test(after)
}

const figure = (number: number): string => number.toLocaleString('en-US')
const counted = (rows: number): string => (rows === 1 ? '1 row' : `${figure(rows)} rows`)

const longestExample = 60
const said = (value: string | null | undefined): string => {
  if (value === null || value === undefined) return 'NULL'
  const short = [...value].length > longestExample ? `${[...value].slice(0, longestExample).join('')}…` : value
  return JSON.stringify(short)
}
