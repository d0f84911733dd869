import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { home, quote, reference } from './identifiers.ts'
import type { Needs } from './needs.ts'

export function dropStatement(object: CatalogueObject, is: Needs): string | undefined {
  const { kind, ownName, properties } = object
  switch (kind) {
    case 'column':
      if (
        is.named('view', object.on ?? '') !== undefined ||
        is.named('materialized view', object.on ?? '') !== undefined
      )
        return undefined
      // A heir loses the column with its parent.
      return properties.local === false ? undefined : `alter table ${home(object)} drop column ${quote(ownName)}`
    case 'constraint': {
      if (properties.ofParent === true || properties.local === false) return undefined
      const owner = is.named('domain', object.on ?? '') === undefined ? 'table' : 'domain'
      return `alter ${owner} ${home(object)} drop constraint ${quote(ownName)}`
    }
    case 'index':
      return properties.parent === undefined ? `drop ${reference(object)}` : undefined
    case 'trigger':
      return properties.ofParent === true ? undefined : `drop ${reference(object)}`
    case 'default privileges':
      return undefined
    default:
      return `drop ${reference(object)}`
  }
}
