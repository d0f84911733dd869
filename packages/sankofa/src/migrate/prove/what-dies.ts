import type { Catalogue, CatalogueObject } from '../catalogue/catalogue.ts'

/**
 * What a step does to data of before, in words for one line: `drops public.users.phone`.
 *
 * @param kept - tables of which the stash keeps something
 */
export function whatDies(before: Catalogue, after: Catalogue, kept: readonly string[]): readonly string[] {
  const now = new Map(after.objects.map((object) => [`${object.kind} ${object.name}`, object]))
  const tables = new Set(before.objects.flatMap(({ kind, name }) => (kind === 'table' ? [name] : [])))
  const said = new Set<string>()
  const words: string[] = []
  for (const object of before.objects) {
    const table = object.kind === 'table' ? object.name : object.on
    if (table === undefined || !kept.includes(table)) continue
    const word =
      object.kind === 'table' || (object.kind === 'column' && tables.has(table)) ? wordFor(object, now) : undefined
    if (word === undefined) continue
    // A table that is gone says it for its columns.
    if (object.kind === 'column' && !now.has(`table ${table}`)) continue
    words.push(word)
    said.add(table)
  }
  return [...words, ...kept.filter((table) => !said.has(table)).map((table) => `rewrites rows of ${table}`)]
}

function wordFor(object: CatalogueObject, now: ReadonlyMap<string, CatalogueObject>): string | undefined {
  const same = now.get(`${object.kind} ${object.name}`)
  if (same === undefined) return `drops ${object.name}`
  return object.kind === 'column' && object.properties.type !== same.properties.type
    ? `retypes ${object.name}`
    : undefined
}
