import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { columnDefinition, identityClause } from './column-definition.ts'
import { home, quote } from './identifiers.ts'
import type { Needs } from './needs.ts'
import { apartOf, type Pair } from './plan-undo.ts'
import { fillStatement, standInFor } from './stand-in.ts'

export type Derived = { readonly statements: readonly string[]; readonly notes: readonly string[] }

const alter = (column: CatalogueObject, what: string): string =>
  `alter table ${home(column)} alter column ${quote(column.ownName)} ${what}`

/** A column that the migration dropped. Its values are gone; rows that are there get what it takes to let them be. */
export function addColumn(column: CatalogueObject, was: Needs): Derived {
  const { properties } = column
  const table = `alter table ${home(column)} add column `
  const fillsItself =
    properties.default !== undefined || properties.identity !== undefined || properties.generated !== undefined
  if (properties.local === false) return { statements: [], notes: [] }
  if (properties.nullable !== false || fillsItself) {
    const notes = fillsItself ? [] : [`Column ${column.name} comes back empty: its values went with it.`]
    return { statements: [table + columnDefinition(column, was), ...settings(column)], notes }
  }
  const standIn = standInFor(column, was)
  const note = `Column ${column.name} must not be null and its values are gone: rows that are there get ${standIn.each ? `${standIn.expression.replace('numbered.number', 'a number each')}` : standIn.expression}.`
  if (!standIn.each) {
    const [name, ...rest] = columnDefinition(column, was).split(/ (?=(?:constraint \S+ )?not null$)/)
    return {
      statements: [
        `${table}${name} default ${standIn.expression} ${rest.join(' ')}`,
        alter(column, 'drop default'),
        ...settings(column),
      ],
      notes: [note],
    }
  }
  return {
    statements: [
      table + columnDefinition(column, was, true),
      fillStatement(column, standIn),
      setNotNull(column),
      ...settings(column),
    ],
    notes: [note],
  }
}

/** A column that stays and is another one now. */
export function alterColumn({ before, after }: Pair, was: Needs, retyped: boolean): Derived {
  const apart = apartOf(before, after)
  const { properties } = before
  const statements: string[] = []
  const notes: string[] = []
  if (apart.includes('identity') && properties.identity === undefined)
    statements.push(alter(before, 'drop identity if exists'))
  if (retyped) {
    statements.push(
      alter(
        before,
        `type ${properties.type}${properties.collation === undefined ? '' : ` collate ${properties.collation}`}${conversion(before, after)}`,
      ),
    )
    notes.push(
      `Column ${before.name} becomes ${properties.type} again: values that ${after.properties.type} holds and ${properties.type} does not stop the undo or are rounded.`,
    )
  }
  if (retyped || apart.includes('default')) {
    if (properties.default !== undefined) statements.push(alter(before, `set default ${properties.default}`))
    else if (!retyped && after.properties.default !== undefined && properties.generated === undefined)
      statements.push(alter(before, 'drop default'))
  }
  if (apart.includes('nullable')) {
    if (properties.nullable === false) {
      const standIn =
        properties.default === undefined
          ? standInFor(before, was)
          : { expression: String(properties.default), each: false }
      if (properties.identity === undefined) statements.push(fillStatement(before, standIn))
      statements.push(setNotNull(before))
      notes.push(`Column ${before.name} must not be null again: rows that have no value get ${standIn.expression}.`)
    } else {
      statements.push(alter(before, 'drop not null'))
    }
  } else if (
    apart.includes('notNullName') &&
    typeof after.properties.notNullName === 'string' &&
    typeof properties.notNullName === 'string'
  ) {
    statements.push(
      `alter table ${home(before)} rename constraint ${quote(after.properties.notNullName)} to ${quote(properties.notNullName)}`,
    )
  }
  if (apart.includes('notNullValidated') && !apart.includes('nullable')) {
    const name = quote(String(properties.notNullName))
    const table = `alter table ${home(before)}`
    if (properties.notNullValidated === undefined) statements.push(`${table} validate constraint ${name}`)
    else
      statements.push(
        alter(before, 'drop not null'),
        `${table} add constraint ${name} not null ${quote(before.ownName)} not valid`,
      )
  }
  if (apart.includes('identity') && properties.identity !== undefined) {
    statements.push(
      after.properties.identity === undefined
        ? alter(before, `add ${identityClause(before, was)}`)
        : alter(before, `set generated ${properties.identity === 'a' ? 'always' : 'by default'}`),
    )
  }
  if (['storage', 'compression', 'statisticsTarget', 'options'].some((name) => apart.includes(name)))
    statements.push(...settings(before, after))
  return { statements, notes }
}

function setNotNull(column: CatalogueObject): string {
  const { notNullName } = column.properties
  const expected = `${(column.on ?? '').slice((column.schema ?? '').length + 1)}_${column.ownName}_not_null`
  if (typeof notNullName !== 'string' || notNullName === expected) return alter(column, 'set not null')
  return `alter table ${home(column)} add constraint ${quote(notNullName)} not null ${quote(column.ownName)}`
}

const storages: Readonly<Record<string, string>> = { p: 'plain', e: 'external', x: 'extended', m: 'main' }

/** `default` says it for every type, but from PostgreSQL 16 on only. */
function usualStorage(type: string): string {
  const name = type.replace(/\(.*\)/, '')
  if (/^(numeric|inet|cidr)$/.test(name)) return 'main'
  return /^(text|character|character varying|bytea|json|jsonb|xml|tsvector|bit|bit varying)$|\[\]$/.test(name)
    ? 'extended'
    : 'default'
}

/** What is set on a column by statements of its own. */
export function settings(column: CatalogueObject, now?: CatalogueObject): readonly string[] {
  const { storage, compression, statisticsTarget, options } = column.properties
  const unset = (name: string): boolean => now?.properties[name] !== undefined
  return [
    ...(storage !== undefined
      ? [alter(column, `set storage ${storages[String(storage)]}`)]
      : unset('storage')
        ? [alter(column, `set storage ${usualStorage(String(column.properties.type))}`)]
        : []),
    ...(compression !== undefined
      ? [alter(column, `set compression ${compression === 'p' ? 'pglz' : 'lz4'}`)]
      : unset('compression')
        ? [alter(column, 'set compression default')]
        : []),
    ...(statisticsTarget !== undefined
      ? [alter(column, `set statistics ${statisticsTarget}`)]
      : unset('statisticsTarget')
        ? [alter(column, 'set statistics -1')]
        : []),
    ...(Array.isArray(options)
      ? [alter(column, `set (${options.join(', ')})`)]
      : Array.isArray(now?.properties.options)
        ? [alter(column, `reset (${now.properties.options.map((option) => String(option).split('=')[0]).join(', ')})`)]
        : []),
  ]
}

const families = [
  /^(smallint|integer|bigint|numeric|real|double precision)/,
  /^(text|character varying|character|name|citext|[a-z_]+\.citext)(\(|$)/,
  /^(date|timestamp)/,
  /^time(\(| |$)/,
  /^interval/,
  /^(json|jsonb)$/,
]

/** Within a family PostgreSQL converts by itself; between families through text, which every type has. */
function conversion(before: CatalogueObject, after: CatalogueObject): string {
  const to = String(before.properties.type)
  const from = String(after.properties.type)
  const plain = families.some(
    (family) => family.test(to) && family.test(from) && !to.endsWith('[]') && !from.endsWith('[]'),
  )
  if (plain || to.replace(/\(.*\)/, '') === from.replace(/\(.*\)/, '')) return ''
  const column = quote(before.ownName)
  // Any bytes can be escaped; as UTF-8 only some can be read.
  if (from === 'bytea') return ` using encode(${column}, 'escape')::${to}`
  if (to === 'bytea') return ` using convert_to(${column}::text, 'UTF8')`
  if (/^integer|^bigint|^smallint/.test(to) && from === 'boolean') return ` using ${column}::integer::${to}`
  return ` using ${column}::text::${to}`
}
