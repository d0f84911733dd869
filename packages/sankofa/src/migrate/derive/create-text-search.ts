import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { qualified, quote, reference } from './identifiers.ts'
import { listOf } from './plan-undo.ts'

/** Dictionaries keep their options as they would be written; a configuration gets its mappings one by one. */
export function createTextSearch(object: CatalogueObject): readonly string[] {
  const { kind, properties } = object
  const name = `create ${kind} ${qualified(object)}`
  if (kind === 'text search dictionary') {
    return [
      `${name} (template = ${properties.template}${properties.options === undefined ? '' : `, ${properties.options}`})`,
    ]
  }
  return [
    `${name} (parser = ${properties.parser})`,
    ...[...mappingsOf(object)].map(([token, dictionaries]) => addMapping(object, token, dictionaries)),
  ]
}

/** A kept configuration looks its words up as it did. */
export function mappingStatements(before: CatalogueObject, after: CatalogueObject): readonly string[] {
  const was = mappingsOf(before)
  const is = mappingsOf(after)
  return [
    ...[...is]
      .filter(([token, dictionaries]) => was.get(token) !== dictionaries)
      .map(([token]) => `alter ${reference(before)} drop mapping for ${quote(token)}`),
    ...[...was]
      .filter(([token, dictionaries]) => is.get(token) !== dictionaries)
      .map(([token, dictionaries]) => addMapping(before, token, dictionaries)),
  ]
}

const addMapping = (configuration: CatalogueObject, token: string, dictionaries: string): string =>
  `alter ${reference(configuration)} add mapping for ${quote(token)} with ${dictionaries}`

const mappingsOf = ({ properties: { mappings } }: CatalogueObject): ReadonlyMap<string, string> =>
  new Map(
    (Array.isArray(mappings) ? mappings : []).map((mapping) => {
      const [token, dictionaries] = mapping as readonly [string, readonly string[]]
      return [token, listOf(dictionaries).join(', ')]
    }),
  )
