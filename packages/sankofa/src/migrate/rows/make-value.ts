import { makeNamed } from './make-named.ts'
import { mendDomain } from './mend-domain.ts'
import type { Type } from './table.ts'
import type { Wish } from './wish.ts'

/**
 * Makes the text of a value of a type.
 *
 * @returns `undefined` for a type that is not known here: its default, NULL or luck has to do
 */
export function makeValue(type: Type, modifier: number, wish: Wish): string | undefined {
  switch (type.kind) {
    case 'enum':
      return type.labels[wish.variant % Math.max(1, type.labels.length)]
    case 'domain':
      return mendDomain(type, wish, (variant) => makeValue(type.of, type.modifier, { ...wish, variant }))
    case 'array':
      return makeArray(type.of, modifier, wish)
    case 'composite':
      return makeComposite(type.fields, wish)
    case 'range':
      return makeRange(type.of, wish)
    case 'multirange':
      return makeMultirange(type.of, wish)
    case 'base':
      return makeNamed(type, modifier, wish)
    default:
      return type satisfies never
  }
}

function makeArray(of: Type, modifier: number, wish: Wish): string | undefined {
  const lengths = wish.tame ? [1] : [2, 1, 3]
  const length = lengths[wish.variant % lengths.length] ?? 1
  const items: string[] = []
  for (let index = 0; index < length; index++) {
    const item = makeValue(of, modifier, { ...wish, variant: wish.variant + index })
    if (item === undefined) return undefined
    items.push(quotedItem(item))
  }
  // The delimiter of arrays of boxes is not a comma.
  return `{${items.join(of.name === 'box' ? ';' : ',')}}`
}

const quotedItem = (item: string): string => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

function makeComposite(fields: readonly { type: Type; modifier: number }[], wish: Wish): string | undefined {
  const items = fields.map((field) => makeValue(field.type, field.modifier, wish))
  return `(${items.map((item) => (item === undefined ? '' : quotedItem(item))).join(',')})`
}

/** Ranges of different variants never overlap, so that an exclusion constraint on them holds. */
function makeRange(of: Type, wish: Wish): string | undefined {
  // A variant of the bound is at least one unit apart from the next, and the range ends where the next may begin.
  const tame = { ...wish, tame: true }
  const lower = makeValue(of, -1, { ...tame, variant: wish.variant * 2 })
  const upper = makeValue(of, -1, { ...tame, variant: wish.variant * 2 + 1 })
  return lower === undefined || upper === undefined ? undefined : `[${quotedItem(lower)},${quotedItem(upper)})`
}

function makeMultirange(of: Type, wish: Wish): string | undefined {
  const range = makeRange(of, wish)
  return range === undefined ? undefined : `{${range}}`
}
