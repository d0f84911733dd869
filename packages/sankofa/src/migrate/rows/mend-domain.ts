import { checkRule } from './check-rule.ts'
import { mend } from './mend.ts'
import type { Row } from './rule.ts'
import type { Check, Type } from './table.ts'
import type { Wish } from './wish.ts'

/** A value of a domain: one of its base type, altered until the domain's checks hold. */
export function mendDomain(
  type: Extract<Type, { kind: 'domain' }>,
  { variant, random }: Wish,
  make: (variant: number) => string | undefined,
): string | undefined {
  const value = make(variant)
  const checks = checksOf(type)
  if (checks.length === 0 || value === undefined) return value
  const { of, modifier } = type
  // Inside its checks a domain's value is called VALUE, which the parser reads as a column.
  const column = { number: 1, name: 'value', type: of, modifier, notNull: true, hasDefault: false, generated: false }
  const row: Row = new Map([[1, value]])
  mend(
    row,
    checks.map((check) => checkRule(check, [column], () => [[1, make(random(1_000))]])),
    random,
  )
  return row.get(1) ?? value
}

/** A domain over a domain has the checks of both. */
const checksOf = (type: Type): readonly Check[] =>
  type.kind === 'domain' ? [...type.checks, ...checksOf(type.of)] : []
