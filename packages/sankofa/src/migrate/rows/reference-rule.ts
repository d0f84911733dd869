import type { Random } from './random.ts'
import type { Move, Row, Rule } from './rule.ts'
import type { Column, Reference } from './table.ts'

/**
 * A foreign key: its columns are a key that one of the parents has, or NULL.
 *
 * @param parents - rows that are there by now; the list may grow
 * @param itself - the key refers to its own table, where a row may refer to itself
 */
export function referenceRule(
  reference: Reference,
  columns: readonly Column[],
  parents: readonly Row[],
  itself: boolean,
): Rule {
  const own = reference.columns
  const nullable = own.filter((number) => columns.some((column) => column.number === number && !column.notNull))
  const canBeNull = reference.full ? nullable.length === own.length : nullable.length > 0
  const keys = new Set<string>()
  let read = 0
  const keyOf = (row: Row, numbers: readonly number[]): string | undefined => {
    const parts = numbers.map((number) => row.get(number))
    return parts.includes(null) || parts.includes(undefined) ? undefined : JSON.stringify(parts)
  }
  const refer = (row: Row): Move => own.map((number, place) => [number, row.get(reference.toColumns[place] ?? 0)])
  const toNull: Move = (reference.full ? own : nullable).map((number) => [number, null])

  return {
    name: reference.name,
    columns: itself ? [...own, ...reference.toColumns] : own,
    broken(row) {
      for (; read < parents.length; read++) {
        const key = keyOf(parents[read] ?? new Map(), reference.toColumns)
        if (key !== undefined) keys.add(key)
      }
      const values = own.map((number) => row.get(number))
      // Left to its default it may be right, but not where there is nothing to refer to.
      if (values.includes(undefined)) return !canBeNull && !itself && parents.length === 0
      if (values.includes(null)) return reference.full && values.some((value) => value !== null)
      const key = JSON.stringify(values)
      return !keys.has(key) && !(itself && key === keyOf(row, reference.toColumns))
    },
    move(row, random) {
      if (canBeNull && (parents.length === 0 || random(8) === 0)) return toNull
      if (parents.length === 0) return itself ? refer(row) : undefined
      const parent = nearest(row, refer, parents, random)
      return parent.some(([, value]) => value === null || value === undefined) ? undefined : parent
    },
  }
}

/** Of a few parents the one that fits best to what the row has: keys that share a column have to agree on it. */
function nearest(row: Row, refer: (parent: Row) => Move, parents: readonly Row[], random: Random): Move {
  let best: Move = []
  let fits = -1
  for (let look = 0; look < (parents.length === 1 ? 1 : 3); look++) {
    const move = refer(parents[random(parents.length)] ?? new Map())
    const same = move.filter(([number, value]) => row.get(number) === value).length
    // The same key as now would change nothing.
    const fit = same === move.length ? 0 : same + 1
    if (fit > fits) [best, fits] = [move, fit]
  }
  return best
}
