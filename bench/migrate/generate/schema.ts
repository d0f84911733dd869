import type { Random } from 'sankofa/judge/simulate'
import type { Shape } from './vocabulary.ts'

export type Column = { name: string; type: string; rest: string; shape: Shape | undefined }
type Named = { readonly name: string; readonly sql: string }

/** A table as the migrations so far have left it, so that the undo of its drop can make it again. */
export type Table = {
  readonly name: string
  readonly isList: boolean
  readonly columns: Column[]
  constraints: Named[]
  indexes: Named[]
  comment: string | undefined
  /** Columns that something else speaks of: they keep their name and stay. */
  readonly pinned: Set<string>
  /** Another object needs it: it stays. */
  isHeld: boolean
}

export type Replaceable = {
  readonly name: string
  readonly table: Table
  /** What it says of the table; a later version says more. */
  columns: readonly string[]
  version: number
}

/** The schema while it is being invented. */
export type Draft = {
  readonly random: Random
  readonly tables: Table[]
  views: Replaceable[]
  readonly functions: Replaceable[]
  readonly freeNames: string[]
  readonly freeLists: string[]
  /** Makes names unique. */
  serial: number
}

export const pick = <T>(random: Random, list: readonly T[]): T | undefined =>
  list[Math.floor(random.uniform() * list.length)]

export function shuffle<T>(random: Random, list: readonly T[]): T[] {
  const result = [...list]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random.uniform() * (last + 1))
    const [one, two] = [result[last], result[other]]
    if (one !== undefined && two !== undefined) [result[other], result[last]] = [one, two]
  }
  return result
}

export const columnSql = ({ name, type, rest }: Column): string => `${name} ${type}${rest === '' ? '' : ` ${rest}`}`

/** Everything that makes the table what it is. */
export function createTable({ name, columns, constraints, indexes, comment }: Table): string {
  const lines = [
    ...columns.map(columnSql),
    ...constraints.map((constraint) => `constraint ${constraint.name} ${constraint.sql}`),
  ]
  return [
    `create table ${name} (\n  ${lines.join(',\n  ')}\n);`,
    ...indexes.map(({ sql }) => `${sql};`),
    ...(comment === undefined ? [] : [`comment on table ${name} is '${comment}';`]),
  ].join('\n')
}

/** A column whose name or type may change: nothing else speaks of it. */
export function freeColumn(
  { random, tables }: Draft,
  fits: (column: Column) => boolean,
): { readonly table: Table; readonly column: Column } | undefined {
  for (const table of shuffle(random, tables)) {
    const columns = table.columns.filter((column) => !table.pinned.has(column.name) && fits(column))
    const column = pick(random, columns)
    if (column !== undefined) return { table, column }
  }
  return undefined
}

/** A column of some shape that the table does not have yet. */
export function newColumn({ random, ...draft }: Draft, table: Table, shapes: readonly Shape[]): Column {
  const unused = shapes.filter(({ name }) => table.columns.every((column) => column.name !== name))
  const shape = pick(random, unused)
  if (shape !== undefined) return { name: shape.name, type: shape.type, rest: shape.rest, shape }
  return { name: `extra_${draft.serial}`, type: 'text', rest: '', shape: undefined }
}
