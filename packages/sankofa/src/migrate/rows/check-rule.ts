import { aimAt } from './aim.ts'
import { evaluate } from './evaluate.ts'
import type { Random } from './random.ts'
import type { Move, Row, Rule } from './rule.ts'
import { suggestions } from './suggestions.ts'
import type { Check, Column } from './table.ts'
import { toValue, type Value } from './value.ts'

/** @param fresh - another value for a column, whatever the check says */
export function checkRule(
  check: Check,
  columns: readonly Column[],
  fresh: (column: Column, row: Row, random: Random) => Move | undefined,
): Rule {
  const byName = new Map(columns.map((column) => [column.name, column]))
  const own = columns.filter((column) => check.columns.includes(column.number) && !column.generated)
  // Most rows hold at once: what the condition suggests is looked for when the first one does not.
  let suggest: ReturnType<typeof suggestions> | undefined
  const get =
    (row: Row) =>
    (name: string): Value => {
      const column = byName.get(name)
      return column && toValue(row.get(column.number), column.type)
    }
  return {
    name: check.name,
    columns: check.columns,
    broken: (row) => evaluate(check.condition, get(row)) === false,
    move(row, random) {
      if (random(2) === 0) {
        const aimed = aimAt(check.condition, {
          row,
          column: (name) => byName.get(name),
          get: get(row),
          fresh: (column) => fresh(column, row, random),
          random,
        })
        if (aimed.length > 0) return aimed
      }
      const column = own[random(own.length)]
      if (column === undefined) return undefined
      // A suggestion twice as often as anything else: it comes from the check itself.
      if (random(3) > 0) {
        suggest ??= suggestions(check.condition, own)
        const values = suggest(column, row.get(column.number), get(row), random)
        if (values.length > 0) return [[column.number, values[random(values.length)]]]
      }
      if (!column.notNull && random(2) === 0) return [[column.number, null]]
      return fresh(column, row, random)
    },
  }
}
