import type { Catalogue, CatalogueObject } from './catalogue.ts'

/** A table whose columns are there in another order. */
export type Reordered = { readonly table: string; readonly was: readonly string[]; readonly is: readonly string[] }

/**
 * Columns that are in both, in the order of each: one that is missing or left over moves none of the others. The columns of
 * a view are as its text lists them, and that is compared by itself.
 */
export function reorderedTables(before: Catalogue, after: Catalogue): readonly Reordered[] {
  const was = columnsOf(before)
  const is = columnsOf(after)
  const found: Reordered[] = []
  for (const [table, columns] of was) {
    const now = is.get(table) ?? []
    const common = columns.filter((column) => now.includes(column))
    const order = now.filter((column) => columns.includes(column))
    if (common.some((column, place) => column !== order[place])) found.push({ table, was: common, is: order })
  }
  return found
}

function columnsOf(catalogue: Catalogue): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, CatalogueObject[]>()
  for (const object of catalogue.objects) {
    if (object.kind === 'table' || object.kind === 'foreign table') tables.set(object.name, [])
  }
  for (const object of catalogue.objects) {
    if (object.kind === 'column' && object.on !== undefined) tables.get(object.on)?.push(object)
  }
  return new Map([...tables].map(([table, columns]) => [table, columns.sort(byPlace).map(({ ownName }) => ownName)]))
}

const byPlace = (one: CatalogueObject, other: CatalogueObject): number =>
  Number(one.properties.place) - Number(other.properties.place)
