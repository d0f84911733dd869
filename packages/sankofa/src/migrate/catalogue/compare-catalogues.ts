import { canonical } from './canonical.ts'
import type { Catalogue, CatalogueObject, ObjectKind } from './catalogue.ts'

export const grades = ['exact', 'column-order', 'cosmetic', 'differs'] as const
/** From best to worst. */
export type Grade = (typeof grades)[number]

/** One thing that is not as it was, in words. */
export type Difference = {
  readonly what: 'missing' | 'left over' | 'changed'
  readonly kind: ObjectKind
  /** As the catalogue names the object. */
  readonly name: string
  readonly weight: Exclude<Grade, 'exact'>
  /** One sentence: `Index public.users_email_idx is missing after the undo.` */
  readonly text: string
}

export type Comparison = { readonly grade: Grade; readonly differences: readonly Difference[] }

/**
 * Says whether a schema is again what it was. The grade is the weight of the worst difference: names of indexes and
 * constraints are `cosmetic`, the order of columns is `column-order`, all else `differs`.
 */
export function compareCatalogues(before: Catalogue, after: Catalogue): Comparison {
  const was = byName(before)
  const is = byName(after)
  const differences: Difference[] = []
  for (const [name, object] of was) {
    const now = is.get(name)
    if (now === undefined) {
      differences.push(differs('missing', object, 'is missing after the undo'))
    } else if (canonical(object.properties) !== canonical(now.properties)) {
      differences.push(differs('changed', object, 'is not what it was'))
    }
  }
  for (const [name, object] of is) {
    if (!was.has(name)) differences.push(differs('left over', object, 'is left over after the undo'))
  }
  return { grade: differences.length === 0 ? 'exact' : 'differs', differences }
}

const byName = (catalogue: Catalogue): ReadonlyMap<string, CatalogueObject> =>
  new Map(catalogue.objects.map((object) => [`${object.kind} ${object.name}`, object]))

const differs = (what: Difference['what'], { kind, name }: CatalogueObject, words: string): Difference => ({
  what,
  kind,
  name,
  weight: 'differs',
  text: `${kind.charAt(0).toUpperCase()}${kind.slice(1)} ${name} ${words}.`,
})
