import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { home, literal, quote } from './identifiers.ts'
import type { Needs } from './needs.ts'
import { listOf } from './plan-undo.ts'

/** A value for rows that have none, and whether each row needs another one. */
export type StandIn = { readonly expression: string; readonly each: boolean }

/**
 * What goes into a column that must not be null where the value is gone: for a foreign key a row that is there, for a
 * unique column numbers, else the type's plainest value.
 */
export function standInFor(column: CatalogueObject, was: Needs): StandIn {
  const type = String(column.properties.type)
  const table = was.named('table', column.on ?? '')
  const constraints = table === undefined ? [] : was.partsOf(table).filter(({ kind }) => kind === 'constraint')
  const alone = constraints.filter(
    ({ properties }) => listOf(properties.columns).length === 1 && listOf(properties.columns)[0] === column.ownName,
  )
  const key = alone.find(({ properties }) => properties.type === 'f')
  const referred = key === undefined ? undefined : referredColumn(key, was)
  if (referred !== undefined) {
    return { expression: `(select ${quote(referred.ownName)} from ${home(referred)} limit 1)`, each: true }
  }
  if (alone.some(({ properties }) => properties.type === 'p' || properties.type === 'u')) {
    if (/^(smallint|integer|bigint|numeric|real|double)/.test(type))
      return { expression: 'numbered.number', each: true }
    if (/^(text|character varying)/.test(type)) return { expression: 'numbered.number::text', each: true }
    if (type === 'uuid') return { expression: 'gen_random_uuid()', each: true }
  }
  return { expression: plainest(type, was), each: false }
}

function referredColumn(key: CatalogueObject, was: Needs): CatalogueObject | undefined {
  const target = was
    .of(key)
    .find(({ kind, properties, on }) => kind === 'constraint' && properties.type !== 'f' && on !== undefined)
  const [name] = listOf(target?.properties.columns)
  return was.columnsOf(target?.on ?? '').find(({ ownName }) => ownName === name)
}

function plainest(type: string, was: Needs): string {
  if (type.endsWith('[]')) return `'{}'::${type}`
  if (/^(smallint|integer|bigint|numeric|real|double|money)/.test(type)) return '0'
  if (/^(text|character|name|"char"|bytea|citext|public\.citext|xml)/.test(type)) return `''`
  if (type === 'boolean') return 'false'
  if (/^timestamp/.test(type)) return `'epoch'::${type}`
  if (type === 'date') return `'epoch'`
  if (/^time/.test(type)) return `'00:00'`
  if (type === 'interval') return `'0'`
  if (type === 'uuid') return `'00000000-0000-0000-0000-000000000000'`
  if (type === 'json' || type === 'jsonb') return `'{}'`
  if (type === 'inet' || type === 'cidr') return `'0.0.0.0'`
  if (/^bit/.test(type)) return `'0'::${type}`
  if (/range$/.test(type)) return `'empty'`
  const own = was.named('type', type)
  const [label] = listOf(own?.properties.labels)
  if (label !== undefined) return literal(label)
  const domain = was.named('domain', type)
  return domain === undefined ? `''` : plainest(String(domain.properties.type), was)
}

/** Fills the rows that have none; `numbered` gives each row its number. */
export const fillStatement = (column: CatalogueObject, { expression }: StandIn): string =>
  expression.startsWith('numbered.')
    ? `update ${home(column)} as kept set ${quote(column.ownName)} = ${expression} from (select ctid, row_number() over () as number from ${home(column)}) as numbered where numbered.ctid = kept.ctid and kept.${quote(column.ownName)} is null`
    : `update ${home(column)} set ${quote(column.ownName)} = ${expression} where ${quote(column.ownName)} is null`
