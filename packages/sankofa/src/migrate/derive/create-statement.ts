import type { CatalogueObject, Value } from '../catalogue/catalogue.ts'
import { columnDefinition, sequenceOptions } from './column-definition.ts'
import { createAggregate } from './create-aggregate.ts'
import { createCollation } from './create-collation.ts'
import { createTextSearch } from './create-text-search.ts'
import { createType } from './create-type.ts'
import { home, literal, qualified, quote, reference } from './identifiers.ts'
import type { Needs } from './needs.ts'
import { genericOptions, withOptions } from './options.ts'
import { listOf } from './plan-undo.ts'

/** Makes the object as it was. `undefined`: no statement can, or another one has done it. */
export function createStatements(object: CatalogueObject, was: Needs): readonly string[] | undefined {
  const { kind, ownName, properties } = object
  switch (kind) {
    case 'schema':
      return [`create schema ${quote(ownName)}`]
    case 'extension':
      return [
        `create extension ${quote(ownName)}${properties.installedIn === 'pg_catalog' ? '' : ` schema ${quote(String(properties.installedIn))}`}${properties.version === undefined ? '' : ` version ${literal(String(properties.version))}`}`,
      ]
    case 'table':
    case 'foreign table':
      return createTable(object, was)
    case 'column':
      return undefined
    case 'view':
      return [`create view ${qualified(object)}${withOptions(properties.options)} as ${trimmed(properties.text)}`]
    case 'materialized view':
      return [
        `create materialized view ${qualified(object)}${withOptions(properties.options)} as ${trimmed(properties.text)}${properties.populated === false ? ' with no data' : ''}`,
      ]
    case 'constraint':
      return createConstraint(object, was)
    case 'index':
      return [
        `create ${properties.unique === true ? 'unique ' : ''}index ${quote(ownName)} ${trimmed(properties.definition)}${inTablespace(object)}`,
      ]
    case 'sequence':
      return properties.ofIdentity === true
        ? []
        : [
            `create ${properties.persistence === 'u' ? 'unlogged ' : ''}sequence ${qualified(object)} as ${properties.type}${sequenceOptions(properties)}`,
          ]
    case 'type':
      return createType(object)
    case 'domain':
      return [
        `create domain ${qualified(object)} as ${properties.type}${properties.collation === undefined ? '' : ` collate ${properties.collation}`}${properties.default === undefined ? '' : ` default ${properties.default}`}${properties.nullable === false ? `${notNullNamed(object)} not null` : ''}`,
      ]
    case 'function':
      return object.sql === undefined ? createAggregate(object) : [trimmed(object.sql)]
    case 'trigger':
    case 'rule':
    case 'statistics':
      return properties.ofParent === true ? [] : [trimmed(properties.definition)]
    case 'policy':
      return [createPolicy(object)]
    case 'event trigger':
      return [
        `create event trigger ${quote(ownName)} on ${properties.event}${listOf(properties.tags).length === 0 ? '' : ` when tag in (${listOf(properties.tags).map(literal).join(', ')})`} execute function ${properties.function}()`,
      ]
    case 'cast':
      return [
        `create ${reference(object)} ${properties.method === 'i' ? 'with inout' : properties.method === 'b' ? 'without function' : `with function ${properties.function}`}${properties.context === 'i' ? ' as implicit' : properties.context === 'a' ? ' as assignment' : ''}`,
      ]
    case 'operator':
      return [createOperator(object)]
    case 'publication':
      return [createPublication(object)]
    case 'collation':
      return [createCollation(object)]
    case 'text search configuration':
    case 'text search dictionary':
      return createTextSearch(object)
    default:
      return undefined
  }
}

/** Said only where PostgreSQL would choose another name. */
const notNullNamed = ({ ownName, properties: { notNullName } }: CatalogueObject): string =>
  notNullName === undefined || notNullName === `${ownName}_not_null` ? '' : ` constraint ${quote(String(notNullName))}`

function createTable(table: CatalogueObject, was: Needs): readonly string[] {
  const { properties } = table
  const columns = was.columnsOf(table.name)
  const partition = typeof properties.partitionBound === 'string'
  const parents = listOf(properties.parents)
  const own = partition ? columns : columns.filter((column) => column.properties.local !== false)
  const lines = own.map((column) => `  ${columnDefinition(column, was)}`)
  const unlogged = properties.persistence === 'u' ? 'unlogged ' : ''
  const inherits = partition || parents.length === 0 ? '' : ` inherits (${parents.join(', ')})`
  const split = properties.partitionKey === undefined ? '' : ` partition by ${properties.partitionKey}`
  const storage = [...listOf(properties.options), ...listOf(properties.toastOptions).map((option) => `toast.${option}`)]
  const foreign =
    table.kind === 'foreign table'
      ? ` server ${quote(String(properties.server))}${genericOptions(properties.serverOptions)}`
      : ''
  const method =
    properties.accessMethod === undefined || properties.accessMethod === 'heap'
      ? ''
      : ` using ${quote(String(properties.accessMethod))}`
  return [
    `create ${unlogged}${table.kind} ${qualified(table)} (\n${lines.join(',\n')}\n)${inherits}${split}${foreign}${method}${withOptions(storage)}${inTablespace(table)}`,
  ]
}

function createConstraint(constraint: CatalogueObject, was: Needs): readonly string[] {
  const { properties, ownName } = constraint
  if (properties.ofParent === true && properties.type === 'f') return []
  const owner = was.named('domain', constraint.on ?? '') === undefined ? 'table' : 'domain'
  const foreign = was.named('foreign table', constraint.on ?? '') === undefined ? '' : 'foreign '
  if (properties.local === false && properties.type === 'c') return []
  const text = String(properties.definition)
  return [`alter ${foreign}${owner} ${home(constraint)} add constraint ${quote(ownName)} ${text}`]
}

const commands: Readonly<Record<string, string>> = { '*': 'all', r: 'select', a: 'insert', w: 'update', d: 'delete' }

function createPolicy(policy: CatalogueObject): string {
  const { properties } = policy
  const roles = listOf(properties.roles).map((role) => (role === 'public' ? role : quote(role)))
  const using = properties.using === undefined ? '' : ` using (${properties.using})`
  const check = properties.check === undefined ? '' : ` with check (${properties.check})`
  return `create ${reference(policy)} as ${properties.permissive === false ? 'restrictive' : 'permissive'} for ${commands[String(properties.command)] ?? 'all'} to ${roles.join(', ')}${using}${check}`
}

function createOperator(operator: CatalogueObject): string {
  const { properties } = operator
  const bare = (value: Value | undefined): string => `operator(${String(value).replace(/\(.*$/, '')})`
  const parts = [
    `function = ${properties.function}`,
    ...(properties.left === undefined ? [] : [`leftarg = ${properties.left}`]),
    `rightarg = ${properties.right}`,
    ...(properties.commutator === undefined ? [] : [`commutator = ${bare(properties.commutator)}`]),
    ...(properties.negator === undefined ? [] : [`negator = ${bare(properties.negator)}`]),
    ...(properties.restrict === undefined ? [] : [`restrict = ${properties.restrict}`]),
    ...(properties.join === undefined ? [] : [`join = ${properties.join}`]),
    ...(properties.hashes === true ? ['hashes'] : []),
    ...(properties.merges === true ? ['merges'] : []),
  ]
  return `create operator ${quote(operator.schema ?? '')}.${operator.ownName} (${parts.join(', ')})`
}

function createPublication(publication: CatalogueObject): string {
  const { properties } = publication
  const tables = (Array.isArray(properties.tables) ? properties.tables : []).map((member) => {
    const { table, columns, where } = member as {
      readonly table: string
      readonly columns: Value
      readonly where: Value
    }
    const list = columns === null ? '' : ` (${listOf(columns).map(quote).join(', ')})`
    return `table ${table}${list}${where === null ? '' : ` where (${where})`}`
  })
  const schemas = listOf(properties.schemas).map((schema) => `tables in schema ${quote(schema)}`)
  const members = properties.allTables === true ? ['all tables'] : [...tables, ...schemas]
  const kinds = ['insert', 'update', 'delete', 'truncate'].filter((kind) => properties[kind] === true)
  const generated = properties.generatedColumns === 's' ? `, publish_generated_columns = stored` : ''
  const settings = `publish = ${literal(kinds.join(', '))}${properties.viaRoot === true ? ', publish_via_partition_root = true' : ''}${generated}`
  return `create publication ${quote(publication.ownName)}${members.length === 0 ? '' : ` for ${members.join(', ')}`} with (${settings})`
}

const inTablespace = ({ properties }: CatalogueObject): string =>
  properties.tablespace === undefined ? '' : ` tablespace ${quote(String(properties.tablespace))}`

const trimmed = (text: Value | undefined): string => String(text).trim().replace(/;$/, '')
