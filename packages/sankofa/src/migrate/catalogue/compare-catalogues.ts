import { asOfOneVersion } from './as-known-to.ts'
import { canonical } from './canonical.ts'
import type { Catalogue, CatalogueObject, ObjectKind } from './catalogue.ts'
import { changesOf } from './changes.ts'
import { reorderedTables } from './column-order.ts'
import { pairRenamed } from './pair-renamed.ts'
import { sayChange, sayOrder, sayPresence, sayRenamed } from './words.ts'

export const grades = ['exact', 'cosmetic', 'column-order', 'differs'] as const
/**
 * From best to worst. Order is worse than names: code that runs can notice it, as an `insert` without a column list puts
 * values where they do not belong; the name of an index is noticed by a later migration at most.
 */
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
 * constraints and the layout of function texts are `cosmetic`, the order of a table's columns is `column-order`, all else
 * `differs`. What belongs to a table that is missing is not named beside it, nor are the
 * columns of a view whose text is another. Two servers may have made them: what only says which version of PostgreSQL it is
 * says nothing (`asOfOneVersion`).
 */
export function compareCatalogues(one: Catalogue, other: Catalogue): Comparison {
  const [before, after] = asOfOneVersion(one, other)
  const was = byKey(before)
  const is = byKey(after)
  const missing = withoutParts([...was].flatMap(([key, object]) => (is.has(key) ? [] : [object])))
  const leftOver = withoutParts([...is].flatMap(([key, object]) => (was.has(key) ? [] : [object])))
  const renamed = pairRenamed(missing, leftOver)
  const twins = new Set(renamed.values())
  const saidByAnother = sayers(was, is)
  const differences: Difference[] = [
    ...missing
      .filter((object) => !saidByAnother(object))
      .map((object) => {
        const twin = renamed.get(object)
        if (twin === undefined) return difference('missing', object, 'differs', sayPresence('missing', object))
        return difference('changed', object, 'cosmetic', sayRenamed(object, twin))
      }),
    ...leftOver
      .filter((object) => !twins.has(object) && !saidByAnother(object))
      .map((object) => difference('left over', object, 'differs', sayPresence('left over', object))),
    ...[...was].flatMap(([key, object]) => {
      const now = is.get(key)
      if (now === undefined || saidByAnother(object)) return []
      return changesOf(object, now)
        .filter((change) => !saidByAnother(object, change.property))
        .map((change) => difference('changed', object, change.weight, sayChange(object, change)))
    }),
    ...reorderedTables(before, after).map(
      (order): Difference => ({
        what: 'changed',
        kind: 'table',
        name: order.table,
        weight: 'column-order',
        text: sayOrder(order),
      }),
    ),
  ]
  const worst = Math.max(0, ...differences.map(({ weight }) => grades.indexOf(weight)))
  return { grade: grades[worst] ?? 'differs', differences }
}

/**
 * What one change brings with it: a view's text its columns, a column's identity its sequence, a table's
 * parents which of its parts are its own. */
function sayers(was: Objects, is: Objects): (object: CatalogueObject, property?: string) => boolean {
  const changed = (property: string): ReadonlySet<string> =>
    new Set(
      [...was].flatMap(([key, { name, properties }]) => {
        const now = is.get(key)
        return now === undefined || canonical(now.properties[property]) === canonical(properties[property])
          ? []
          : [name]
      }),
    )
  const rewritten = changed('text')
  const identities = changed('identity')
  const heirs = changed('parents')
  return ({ kind, on = '', properties: { ofIdentity, ownedBy } }, property) =>
    (property !== undefined && heirs.has(on) && (property === 'local' || property === 'ofParent')) ||
    (kind === 'column' && rewritten.has(on)) ||
    (ofIdentity === true && Array.isArray(ownedBy) && identities.has(ownedBy.join('.')))
}

type Objects = ReadonlyMap<string, CatalogueObject>

const byKey = (catalogue: Catalogue): Objects =>
  new Map(catalogue.objects.map((object) => [`${object.kind} ${object.name}`, object]))

/** Columns, indexes and the like go and come with their table; so does a sequence with its column. */
function withoutParts(objects: readonly CatalogueObject[]): readonly CatalogueObject[] {
  const wholes = new Set(
    objects.flatMap(({ kind, name, schema }) => (holdsParts.has(kind) || (kind === 'column' && schema) ? [name] : [])),
  )
  return objects.filter(({ on, properties: { ownedBy } }) => {
    if (on !== undefined && wholes.has(on)) return false
    return !(Array.isArray(ownedBy) && (wholes.has(ownedBy.join('.')) || wholes.has(ownedBy.slice(0, 2).join('.'))))
  })
}

const holdsParts: ReadonlySet<ObjectKind> = new Set(['table', 'foreign table', 'view', 'materialized view', 'domain'])

const difference = (
  what: Difference['what'],
  { kind, name }: CatalogueObject,
  weight: Difference['weight'],
  text: string,
): Difference => ({ what, kind, name, weight, text })
