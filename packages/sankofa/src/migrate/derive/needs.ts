import { type Catalogue, type CatalogueObject, identityKey } from '../catalogue/catalogue.ts'

/** Who needs whom in one catalogue. */
export type Needs = {
  of(object: CatalogueObject): readonly CatalogueObject[]
  /** Those that cannot be without it, directly. */
  by(object: CatalogueObject): readonly CatalogueObject[]
  /** What dies with it: a table's columns, indexes, constraints, triggers, owned sequences. */
  partsOf(object: CatalogueObject): readonly CatalogueObject[]
  named(kind: CatalogueObject['kind'], name: string): CatalogueObject | undefined
  columnsOf(name: string): readonly CatalogueObject[]
}

export function readNeeds(catalogue: Catalogue): Needs {
  const byKey = new Map(catalogue.objects.map((object) => [identityKey(object.identity), object]))
  const byName = new Map(catalogue.objects.map((object) => [`${object.kind} ${object.name}`, object]))
  const wholes = new Map(
    catalogue.objects.flatMap((object) => (wholeKinds.has(object.kind) ? [[object.name, object] as const] : [])),
  )
  const of = new Map<CatalogueObject, Set<CatalogueObject>>()
  const by = new Map<CatalogueObject, Set<CatalogueObject>>()
  const parts = new Map<CatalogueObject, Set<CatalogueObject>>()
  const columns = new Map<string, CatalogueObject[]>()
  const add = (map: Map<CatalogueObject, Set<CatalogueObject>>, from: CatalogueObject, to: CatalogueObject): void => {
    if (from !== to) map.set(from, (map.get(from) ?? new Set()).add(to))
  }
  const link = (object: CatalogueObject | undefined, needed: CatalogueObject | undefined): void => {
    if (object === undefined || needed === undefined) return
    add(of, object, needed)
    add(by, needed, object)
  }
  for (const [object, needed] of catalogue.dependencies) link(byKey.get(object), byKey.get(needed))
  for (const object of catalogue.objects) {
    const { kind, on, schema, properties } = object
    if (kind === 'column' && on !== undefined) columns.set(on, [...(columns.get(on) ?? []), object])
    if (schema !== undefined) link(object, byName.get(`schema ${schema}`))
    const whole = on === undefined ? undefined : wholes.get(on)
    if (whole !== undefined) {
      add(of, object, whole)
      add(parts, whole, object)
    }
    for (const parent of asNames(properties.parents)) link(object, wholes.get(parent))
    if (Array.isArray(properties.ownedBy)) {
      const path = properties.ownedBy.join('.')
      const table = wholes.get(properties.ownedBy.slice(0, 2).join('.'))
      const column = byName.get(`column ${path}`)
      if (table !== undefined) add(parts, table, object)
      if (column !== undefined) add(parts, column, object)
    }
  }
  // The server does not say which columns an own constraint or index needs: without the columns it goes by itself.
  for (const object of catalogue.objects) {
    if (object.on === undefined || object.kind === 'column') continue
    const wanted = object.kind === 'constraint' ? asNames(object.properties.columns) : undefined
    for (const column of columns.get(object.on) ?? []) {
      if (wanted === undefined || wanted.includes(column.ownName)) add(of, object, column)
    }
  }
  const list = (map: Map<CatalogueObject, Set<CatalogueObject>>) => (object: CatalogueObject) => [
    ...(map.get(object) ?? []),
  ]
  return {
    of: list(of),
    by: list(by),
    partsOf: list(parts),
    named: (kind, name) => byName.get(`${kind} ${name}`),
    columnsOf: (name) => columns.get(name) ?? [],
  }
}

const wholeKinds: ReadonlySet<string> = new Set(['table', 'foreign table', 'view', 'materialized view', 'domain'])

const asNames = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
