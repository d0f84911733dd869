import type { TypeName } from 'libpg-query'
import { parseSync } from 'libpg-query'

/** A type as the grammar has it: its last name, and what stands in brackets. */
export type PlainType = { readonly name: string; readonly modifiers: readonly number[] }

/** @returns `undefined` where it is not a plain type of PostgreSQL's own */
export function plainType({ names = [], typmods = [], arrayBounds, setof, pct_type }: TypeName): PlainType | undefined {
  const words = names.flatMap((each) => ('String' in each ? [each.String.sval ?? ''] : []))
  const name = words.at(-1)
  const own = words.length === 1 || (words.length === 2 && words[0] === 'pg_catalog')
  if (name === undefined || !own || (arrayBounds?.length ?? 0) > 0 || setof === true || pct_type === true)
    return undefined
  const modifiers = typmods.flatMap((each) =>
    'A_Const' in each && each.A_Const.ival !== undefined ? [each.A_Const.ival.ival ?? 0] : [],
  )
  return modifiers.length === typmods.length ? { name, modifiers } : undefined
}

/** As `format_type` writes it. */
export function typeFromText(text: string): PlainType | undefined {
  let found: PlainType | undefined
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('TypeCast' in node) {
      const { typeName } = node.TypeCast as { readonly typeName?: TypeName }
      found = typeName === undefined ? undefined : plainType(typeName)
      return
    }
    for (const each of Object.values(node)) walk(each)
  }
  walk(parseSync(`select null::${text}`))
  return found
}

const isSameType = (one: PlainType, other: PlainType): boolean =>
  one.name === other.name && one.modifiers.join() === other.modifiers.join()

const integers = ['int2', 'int4', 'int8']

/**
 * Is every value of one type a value of the other, which goes back to what it was? Between integers also to a smaller one:
 * PostgreSQL refuses what does not fit.
 */
export function losesNothing(from: PlainType, to: PlainType): boolean {
  if (isSameType(from, to)) return true
  const unlimited = to.modifiers.length === 0
  if (integers.includes(from.name)) return integers.includes(to.name) || (to.name === 'numeric' && unlimited)
  const [size = 0, scale = 0] = from.modifiers
  const [newSize = 0, newScale = 0] = to.modifiers
  if (from.name === 'varchar' || from.name === 'text') {
    if (to.name === 'text' || (to.name === 'varchar' && unlimited)) return true
    // What is longer than it may be is refused, but for spaces at its end, which are cut off.
    return from.name === 'varchar' && from.modifiers.length > 0 && to.name === 'varchar' && newSize >= size
  }
  if (from.name === 'numeric' && to.name === 'numeric' && from.modifiers.length > 0) {
    return unlimited || (newScale === scale && newSize >= size)
  }
  return false
}

/** Follows a column through the types that a step and its opposite give it, one after another. */
export function createTypeTrail(): (column: string, before: string, to: TypeName | undefined) => boolean {
  const trail = new Map<string, { readonly first: PlainType; now: PlainType } | 'unknown'>()
  return (column, before, to) => {
    const first = typeFromText(before)
    const known = trail.get(column) ?? (first === undefined ? 'unknown' : { first, now: first })
    const next = to === undefined ? undefined : plainType(to)
    if (known === 'unknown' || next === undefined) {
      trail.set(column, 'unknown')
      return false
    }
    // Back to where all of its values came from.
    const exact = losesNothing(known.now, next) || isSameType(known.first, next)
    trail.set(column, exact ? { first: known.first, now: next } : 'unknown')
    return exact
  }
}
