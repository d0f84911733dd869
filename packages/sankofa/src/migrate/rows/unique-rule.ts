import { evaluate } from './evaluate.ts'
import type { Random } from './random.ts'
import type { Move, Row, Rule } from './rule.ts'
import { bare, type Column, type Unique } from './table.ts'
import { toValue, type Value } from './value.ts'

/** A rule that remembers the rows which are there. */
export interface UniqueRule extends Rule {
  take(row: Row): void
}

/**
 * No two rows alike. Exclusion constraints too: generated ranges of different rows never overlap, so that only the same value
 * can meet.
 *
 * @param fresh - another value for a column
 */
export function uniqueRule(
  unique: Unique,
  columns: readonly Column[],
  fresh: (column: Column, row: Row, random: Random) => Move | undefined,
): UniqueRule {
  const byNumber = new Map(columns.map((column) => [column.number, column]))
  const byName = new Map(columns.map((column) => [column.name, column]))
  const own = columns.filter((column) => unique.columns.includes(column.number) && !column.generated)
  const taken = new Set<string>()

  const get =
    (row: Row) =>
    (name: string): Value => {
      const column = byName.get(name)
      return column && toValue(row.get(column.number), column.type)
    }
  const partOf = (part: Unique['parts'][number], row: Row): string | null | undefined => {
    if (typeof part !== 'number') {
      const value = evaluate(part, get(row))
      if (value === null) return null
      if (value !== undefined) return comparable(value)
      // An expression that is not known here differs when what it looks at does, whatever the case.
      return own.map((column) => row.get(column.number)?.toLowerCase() ?? '').join('\u0001')
    }
    const text = row.get(part)
    const type = byNumber.get(part)?.type
    if (text === null || text === undefined || type === undefined) return text
    const value = toValue(text, type)
    return typeof value === 'number' || typeof value === 'boolean'
      ? comparable(value)
      : bare(type).name === 'citext'
        ? text.toLowerCase()
        : text
  }
  const keyOf = (row: Row): string | undefined => {
    if (unique.predicate !== undefined) {
      const inside = evaluate(unique.predicate, get(row))
      if (inside === false || inside === null) return undefined
    }
    const parts = unique.parts.map((part) => partOf(part, row))
    if (parts.includes(undefined)) return undefined
    if (parts.includes(null) && (unique.nullsDistinct || unique.operators !== undefined)) return undefined
    return JSON.stringify(parts)
  }

  return {
    name: unique.name,
    columns: unique.columns,
    broken(row) {
      const key = keyOf(row)
      return key !== undefined && taken.has(key)
    },
    move(row, random) {
      const column = own[random(own.length)]
      return column && fresh(column, row, random)
    },
    take(row) {
      const key = keyOf(row)
      if (key !== undefined) taken.add(key)
    },
  }
}

const comparable = (value: Exclude<Value, null | undefined>): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)
