import type { CatalogueObject, ObjectKind } from '../catalogue/catalogue.ts'

/** Among those that do not need each other, the order in which a person would write them. */
const order: readonly ObjectKind[] = [
  'schema',
  'extension',
  'language',
  'collation',
  'text search dictionary',
  'text search configuration',
  'type',
  'domain',
  'sequence',
  'function',
  'operator',
  'operator family',
  'operator class',
  'cast',
  'table',
  'foreign table',
  'column',
  'constraint',
  'index',
  'view',
  'materialized view',
  'statistics',
  'rule',
  'trigger',
  'policy',
]

/** Foreign keys come after what they refer to, even when the server does not say so. */
const rank = ({ kind, properties }: CatalogueObject): number => {
  const place = order.indexOf(kind)
  return (place === -1 ? order.length : place) + (kind === 'constraint' && properties.type === 'f' ? 1.5 : 0)
}

/** Whoever is needed comes first. In a circle, the one found first. */
export function sortByNeed(
  objects: readonly CatalogueObject[],
  needsOf: (object: CatalogueObject) => readonly CatalogueObject[],
): readonly CatalogueObject[] {
  const chosen = new Set(objects)
  const seen = new Set<CatalogueObject>()
  const sorted: CatalogueObject[] = []
  const visit = (object: CatalogueObject): void => {
    if (seen.has(object)) return
    seen.add(object)
    for (const needed of needsOf(object)) visit(needed)
    if (chosen.has(object)) sorted.push(object)
  }
  for (const object of objects.toSorted((one, other) => rank(one) - rank(other))) visit(object)
  return sorted
}
