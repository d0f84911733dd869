import type { Dependency } from './catalogue.ts'

/** Numbers of catalogue, object and part: what depends, then what it needs. */
export type Link = readonly [number, number, number, number, number, number]

/** Pairs and triples of numbers: what is meant, then what stands for it. */
export type StandIns = {
  readonly catalogues: readonly (readonly [number, string])[]
  readonly pg_rewrite: readonly (readonly [number, number])[] | null
  readonly pg_attrdef: readonly (readonly [number, number, number])[] | null
  readonly rows: readonly (readonly [number, number])[] | null
  readonly elements: readonly (readonly [number, number])[] | null
  readonly behind: readonly (readonly [number, number])[] | null
}

/** Keys of objects that a person knows, for each dependency that the server holds. */
export function toDependencies(links: readonly Link[], standIns: StandIns): readonly Dependency[] {
  const nameOf = new Map(standIns.catalogues)
  const instead = new Map<string, string>()
  for (const [rule, relation] of standIns.pg_rewrite ?? []) instead.set(`pg_rewrite ${rule}`, `pg_class ${relation} 0`)
  for (const [preset, relation, column] of standIns.pg_attrdef ?? []) {
    instead.set(`pg_attrdef ${preset}`, `pg_class ${relation} ${column}`)
  }
  for (const [type, relation] of standIns.rows ?? []) instead.set(`pg_type ${type}`, `pg_class ${relation} 0`)
  for (const [array, element] of standIns.elements ?? []) {
    instead.set(`pg_type ${array}`, instead.get(`pg_type ${element}`) ?? `pg_type ${element} 0`)
  }
  for (const [index, constraint] of standIns.behind ?? []) {
    instead.set(`pg_class ${index}`, `pg_constraint ${constraint} 0`)
  }
  const keyOf = (catalogue: number, oid: number, sub: number): string => {
    const name = nameOf.get(catalogue) ?? String(catalogue)
    return instead.get(`${name} ${oid}`) ?? `${name} ${oid} ${sub}`
  }
  const seen = new Map<string, Dependency>()
  for (const [catalogue, oid, sub, itsCatalogue, itsOid, itsSub] of links) {
    const object = keyOf(catalogue, oid, sub)
    const needs = keyOf(itsCatalogue, itsOid, itsSub)
    if (object !== needs) seen.set(`${object} ${needs}`, [object, needs])
  }
  return [...seen.values()]
}
