import type { CatalogueObject, Value } from '../catalogue/catalogue.ts'
import { literal, qualified, quote } from './identifiers.ts'
import { listOf } from './plan-undo.ts'

export function createType(type: CatalogueObject): readonly string[] | undefined {
  const { properties } = type
  if (properties.form === 'enum')
    return [`create type ${qualified(type)} as enum (${listOf(properties.labels).map(literal).join(', ')})`]
  if (properties.form === 'composite' && Array.isArray(properties.attributes)) {
    const fields = properties.attributes.map((field) => attributeDefinition(field))
    return [`create type ${qualified(type)} as (${fields.join(', ')})`]
  }
  if (properties.form === 'range' && typeof properties.range === 'object' && properties.range !== null) {
    const fields = Object.entries(properties.range).flatMap(([name, value]) =>
      value === null ? [] : [`${name} = ${value}`],
    )
    return [`create type ${qualified(type)} as range (${fields.join(', ')})`]
  }
  return properties.form === 'shell' ? [`create type ${qualified(type)}`] : undefined
}

export function attributeDefinition(field: Value): string {
  const { name, type, collation } = field as {
    readonly name: string
    readonly type: string
    readonly collation: string | null
  }
  return `${quote(name)} ${type}${collation === null ? '' : ` collate ${collation}`}`
}
