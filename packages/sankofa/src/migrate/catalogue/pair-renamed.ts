import { canonical } from './canonical.ts'
import type { CatalogueObject } from './catalogue.ts'

/**
 * Indexes and constraints that are the same but for the name. Equal ones are taken in the order of their names, so that
 * two twins make two pairs.
 */
export function pairRenamed(
  missing: readonly CatalogueObject[],
  leftOver: readonly CatalogueObject[],
): ReadonlyMap<CatalogueObject, CatalogueObject> {
  const waiting = new Map<string, CatalogueObject[]>()
  for (const object of leftOver.toSorted(byName)) {
    const key = keyWithoutName(object)
    if (key !== undefined) waiting.set(key, [...(waiting.get(key) ?? []), object])
  }
  const pairs = new Map<CatalogueObject, CatalogueObject>()
  for (const object of missing.toSorted(byName)) {
    const key = keyWithoutName(object)
    const twin = key === undefined ? undefined : waiting.get(key)?.shift()
    if (twin !== undefined) pairs.set(object, twin)
  }
  return pairs
}

const keyWithoutName = ({ kind, on, properties }: CatalogueObject): string | undefined =>
  kind === 'index' || kind === 'constraint' ? `${kind} ${on} ${canonical({ ...properties, parent: null })}` : undefined

const byName = (one: CatalogueObject, other: CatalogueObject): number => (one.name < other.name ? -1 : 1)
