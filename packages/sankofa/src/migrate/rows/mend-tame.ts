import { mend } from './mend.ts'
import type { Random } from './random.ts'
import type { Row, Rule } from './rule.ts'

/** What does without NULL, or improves a row that holds already, is found soon, or there is none. */
const fewSteps = 12

/**
 * Mends a tame row: a value that an earlier row has already is taken where nothing else holds, and NULL where nothing at
 * all holds.
 *
 * @param earlier - rows that it should differ from
 * @param others - for columns whose values rules narrow down, what gives another one
 * @returns the rules that are still broken
 */
export function mendTame(
  row: Row,
  rules: readonly Rule[],
  random: Random,
  { earlier, others }: { readonly earlier: readonly Row[]; readonly others: ReadonlyMap<number, Rule['move']> },
): readonly Rule[] {
  const begun = new Map(row)
  if (mend(row, rules, random, { nulls: 'no', steps: 3 * fewSteps }).length > 0) {
    const broken = mend(row, rules, random)
    if (broken.length > 0) return broken
    for (const [number, value] of begun) {
      if (value !== null && row.get(number) === null) improve(row, new Map(row).set(number, value), rules, random)
    }
  }
  for (const [number, move] of others) {
    const taken = new Set(earlier.map((one) => one.get(number)))
    const broken = (one: Row): boolean => one.get(number) === null || taken.has(one.get(number))
    if (row.get(number) !== null && broken(row)) {
      improve(row, new Map(row), [...rules, { name: '', columns: [number], broken, move }], random)
    }
  }
  return []
}

/** Makes a row what another one becomes, if that can be mended without NULL. */
function improve(row: Row, other: Row, rules: readonly Rule[], random: Random): void {
  if (mend(other, rules, random, { nulls: 'no', steps: fewSteps }).length > 0) return
  row.clear()
  for (const [number, value] of other) row.set(number, value)
}
