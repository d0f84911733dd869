import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { qualified, quote } from './identifiers.ts'
import type { Needs } from './needs.ts'
import { listOf } from './plan-undo.ts'

/** Name, type and all that can be said where the column is made. */
export function columnDefinition(
  column: CatalogueObject,
  was: Needs,
  nullable = column.properties.nullable !== false,
): string {
  const { properties } = column
  const notNullName = properties.notNullName
  const expected = `${(column.on ?? '').slice((column.schema ?? '').length + 1)}_${column.ownName}_not_null`
  const parts = [
    `${quote(column.ownName)} ${properties.type}`,
    properties.collation === undefined ? '' : `collate ${properties.collation}`,
    properties.generated === undefined
      ? ''
      : `generated always as (${properties.generated}) ${properties.generatedKind === 'v' ? 'virtual' : 'stored'}`,
    properties.identity === undefined ? '' : identityClause(column, was),
    properties.default === undefined ? '' : `default ${properties.default}`,
    nullable
      ? ''
      : notNullName === undefined || notNullName === expected
        ? 'not null'
        : `constraint ${quote(String(notNullName))} not null`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}

export function identityClause(column: CatalogueObject, was: Needs): string {
  const table = was.named('table', column.on ?? '')
  const sequence =
    table === undefined
      ? undefined
      : was
          .partsOf(table)
          .find(
            ({ kind, properties }) =>
              kind === 'sequence' && properties.ofIdentity === true && listOf(properties.ownedBy)[2] === column.ownName,
          )
  const expected = `${(column.on ?? '').slice((column.schema ?? '').length + 1)}_${column.ownName}_seq`
  const named = sequence === undefined || sequence.ownName === expected ? '' : `sequence name ${qualified(sequence)}`
  const settings = sequence === undefined ? '' : sequenceOptions(sequence.properties)
  const inside = `${named}${settings}`.trim()
  return `generated ${column.properties.identity === 'a' ? 'always' : 'by default'} as identity${inside === '' ? '' : ` (${inside})`}`
}

const sequenceMaximum: Readonly<Record<string, string>> = {
  smallint: '32767',
  integer: '2147483647',
  bigint: '9223372036854775807',
}

/** What is not as PostgreSQL would choose it. */
export function sequenceOptions(properties: CatalogueObject['properties'], all = false): string {
  const up = !String(properties.increment).startsWith('-')
  const usual = up
    ? { minimum: '1', maximum: sequenceMaximum[String(properties.type)], start: String(properties.minimum) }
    : { minimum: undefined, maximum: '-1', start: String(properties.maximum) }
  const parts = [
    ['increment by', properties.increment, '1'],
    ['minvalue', properties.minimum, usual.minimum],
    ['maxvalue', properties.maximum, usual.maximum],
    ['start with', properties.start, usual.start],
    ['cache', properties.cache, '1'],
  ].flatMap(([words, value, normal]) => (all || value !== normal ? [` ${words} ${value}`] : []))
  return `${parts.join('')}${properties.cycle === true ? ' cycle' : all ? ' no cycle' : ''}`
}
