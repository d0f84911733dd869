import type { CatalogueObject, Value } from '../catalogue/catalogue.ts'
import { sequenceOptions } from './column-definition.ts'
import { createStatements } from './create-statement.ts'
import { mappingStatements } from './create-text-search.ts'
import { attributeDefinition } from './create-type.ts'
import { literal, qualified, quote, reference } from './identifiers.ts'
import type { Needs } from './needs.ts'
import { asSetting } from './options.ts'
import { apartOf, isLabelRenamed, listOf, type Pair } from './plan-undo.ts'

/** A kept object, other than a column, that is another one now. */
export function alterObject({ before, after }: Pair, was: Needs): readonly string[] {
  const apart = new Set(apartOf(before, after))
  const { kind, properties } = before
  const table = `alter table ${qualified(before)}`
  switch (kind) {
    case 'table':
      return [
        ...(apart.has('persistence') ? [`${table} set ${properties.persistence === 'u' ? 'unlogged' : 'logged'}`] : []),
        ...(apart.has('options') ? optionStatements(table, properties.options, after.properties.options) : []),
        ...(apart.has('toastOptions')
          ? optionStatements(table, prefixed(properties.toastOptions), prefixed(after.properties.toastOptions))
          : []),
        ...(apart.has('accessMethod') ? [`${table} set access method ${properties.accessMethod}`] : []),
        ...(apart.has('tablespace')
          ? [`${table} set tablespace ${quote(String(properties.tablespace ?? 'pg_default'))}`]
          : []),
        ...(apart.has('parents') ? parentStatements(before, after) : []),
      ]
    case 'index':
      return apart.has('options')
        ? optionStatements(`alter ${reference(before)}`, properties.options, after.properties.options)
        : []
    case 'sequence':
      return ['type', 'increment', 'minimum', 'maximum', 'start', 'cache', 'cycle'].some((name) => apart.has(name))
        ? [`alter ${reference(before)} as ${properties.type}${sequenceOptions(properties, true)}`]
        : []
    case 'function':
      return [
        'body',
        'sqlBody',
        'language',
        'volatility',
        'securityDefiner',
        'strict',
        'leakproof',
        'parallel',
        'cost',
        'rows',
        'settings',
        'support',
        'library',
      ].some((name) => apart.has(name))
        ? (createStatements(before, was) ?? [])
        : []
    case 'domain':
      return [
        ...(apart.has('default')
          ? [
              `alter ${reference(before)} ${properties.default === undefined ? 'drop default' : `set default ${properties.default}`}`,
            ]
          : []),
        ...(apart.has('nullable') ? [`alter ${reference(before)} ${domainNull(before)}`] : []),
        ...(apart.has('notNullName') && !apart.has('nullable')
          ? [
              `alter ${reference(before)} rename constraint ${quote(String(after.properties.notNullName))} to ${quote(String(properties.notNullName))}`,
            ]
          : []),
      ]
    case 'type':
      return properties.form === 'enum' && isLabelRenamed(before, after)
        ? listOf(properties.labels).flatMap((label, place) => {
            const now = listOf(after.properties.labels)[place]
            return now === undefined || now === label
              ? []
              : [`alter ${reference(before)} rename value ${literal(now)} to ${literal(label)}`]
          })
        : properties.form === 'composite'
          ? attributeStatements(before, after)
          : []
    case 'text search configuration':
      return apart.has('mappings') ? mappingStatements(before, after) : []
    case 'extension':
      return apart.has('installedIn')
        ? [`alter ${reference(before)} set schema ${quote(String(properties.installedIn))}`]
        : []
    default:
      return []
  }
}

function domainNull({ ownName, properties: { nullable, notNullName } }: CatalogueObject): string {
  if (nullable !== false) return 'drop not null'
  if (notNullName === undefined || notNullName === `${ownName}_not_null`) return 'set not null'
  return `add constraint ${quote(String(notNullName))} not null`
}

const prefixed = (options: Value | undefined): Value => listOf(options).map((option) => `toast.${option}`)

export function optionStatements(alter: string, wanted: Value | undefined, now: Value | undefined): readonly string[] {
  const nameOf = (option: string): string => option.slice(0, option.indexOf('='))
  const over = listOf(now)
    .map(nameOf)
    .filter((name) => !listOf(wanted).map(nameOf).includes(name))
  const set = listOf(wanted).filter((option) => !listOf(now).includes(option))
  return [
    ...(over.length === 0 ? [] : [`${alter} reset (${over.join(', ')})`]),
    ...(set.length === 0 ? [] : [`${alter} set (${set.map(asSetting).join(', ')})`]),
  ]
}

function parentStatements(before: CatalogueObject, after: CatalogueObject): readonly string[] {
  const partition = typeof after.properties.partitionBound === 'string'
  return listOf(after.properties.parents)
    .filter((parent) => !listOf(before.properties.parents).includes(parent))
    .map((parent) =>
      partition
        ? `alter table ${parent} detach partition ${qualified(before)}`
        : `alter table ${qualified(before)} no inherit ${parent}`,
    )
}

/** Partitions are attached, heirs inherit, once both tables are as they were. */
export function joinStatements(
  before: CatalogueObject,
  after: CatalogueObject | undefined,
  madeNow: boolean,
): readonly string[] {
  const { partitionBound, parents } = before.properties
  if (typeof partitionBound === 'string') {
    const same = !madeNow && after?.properties.partitionBound === partitionBound
    return same
      ? []
      : listOf(parents).map((parent) => `alter table ${parent} attach partition ${qualified(before)} ${partitionBound}`)
  }
  if (madeNow) return []
  return listOf(parents)
    .filter((parent) => !listOf(after?.properties.parents).includes(parent))
    .map((parent) => `alter table ${qualified(before)} inherit ${parent}`)
}

function attributeStatements(before: CatalogueObject, after: CatalogueObject): readonly string[] {
  const fields = ({ properties }: CatalogueObject): ReadonlyMap<string, Value> =>
    new Map(
      (Array.isArray(properties.attributes) ? properties.attributes : []).map((field) => [
        String((field as { name: string }).name),
        field,
      ]),
    )
  const was = fields(before)
  const is = fields(after)
  const alter = `alter ${reference(before)}`
  return [
    ...[...is.keys()].filter((name) => !was.has(name)).map((name) => `${alter} drop attribute ${quote(name)}`),
    ...[...was].flatMap(([name, field]) => {
      if (!is.has(name)) return [`${alter} add attribute ${attributeDefinition(field)}`]
      const type = (field as { readonly type: string }).type
      return (is.get(name) as { readonly type: string }).type === type
        ? []
        : [`${alter} alter attribute ${quote(name)} type ${type}`]
    }),
  ]
}
