import type { StepClient } from '../migration.ts'
import { loadParser } from '../sql/statement.ts'
import { columnsOf, parseExpressions } from './expression.ts'
import { type Check, type Column, quoted, type Reference, type Table, type Type, type Unique } from './table.ts'
import { tablesSql } from './tables-sql.ts'
import { underSettings, withoutJit } from './under-settings.ts'

type Found = {
  readonly tables: readonly { oid: number; schema: string; name: string; used: boolean; partitioned: boolean }[] | null
  readonly columns: readonly FoundColumn[] | null
  readonly constraints: readonly FoundConstraint[] | null
  readonly uniques: readonly FoundUnique[] | null
  readonly types: readonly FoundType[] | null
  readonly sequences: readonly { table: number; column: number; name: string; step: number; next: number }[] | null
  readonly partitions: readonly { table: number; name: string; text: string | null }[] | null
  readonly inside: boolean
}
type FoundColumn = {
  readonly table: number
  readonly number: number
  readonly name: string
  readonly type: number
  readonly modifier: number
  readonly notNull: boolean
  readonly hasDefault: boolean
  readonly generated: boolean
}
type FoundConstraint = {
  readonly table: number
  readonly name: string
  readonly kind: 'c' | 'f'
  readonly columns: readonly number[] | null
  readonly to: number
  readonly toColumns: readonly number[] | null
  readonly full: boolean
  readonly text: string | null
}
type FoundUnique = {
  readonly table: number
  readonly name: string
  readonly primary: boolean
  readonly columns: readonly number[]
  readonly expressions: string | null
  readonly predicate: string | null
  readonly nullsDistinct: boolean
  readonly operators: readonly string[] | null
}
type FoundType = {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly category: string
  readonly of: number | null
  readonly array: boolean
  readonly modifier: number
  readonly notNull: boolean
  readonly labels: readonly string[] | null
  readonly checks: readonly { readonly name: string; readonly text: string }[] | null
  readonly fields: readonly { readonly type: number; readonly modifier: number }[] | null
}

type Result = { readonly rows: readonly { readonly found?: Found }[] }

/** What was read, and whether the client is in a transaction of its caller. */
export type Tables = { readonly tables: readonly Table[]; readonly inside: boolean }

/** Reads every table of the database in one round trip. */
export async function readTables(client: StepClient, ignore: readonly string[] = []): Promise<Tables> {
  await loadParser()
  const results = (await client.query(underSettings([withoutJit], [tablesSql]))) as unknown as readonly Result[]
  const found = results.flatMap(({ rows }) => rows).find((row) => row.found !== undefined)?.found
  if (found === undefined) return { tables: [], inside: false }
  const left = new Set(['sankofa', 'sankofa_stash', ...ignore])
  const types = toTypes(found.types ?? [])
  const columns = Map.groupBy(found.columns ?? [], (column) => column.table)
  const constraints = Map.groupBy(found.constraints ?? [], (constraint) => constraint.table)
  const uniques = Map.groupBy(found.uniques ?? [], (unique) => unique.table)
  const partitions = Map.groupBy(found.partitions ?? [], (partition) => partition.table)
  const sequences = new Map(
    (found.sequences ?? []).map((sequence) => [`${sequence.table}.${sequence.column}`, sequence]),
  )
  const tables = (found.tables ?? []).map((table): Table => {
    const own = (columns.get(table.oid) ?? []).map((column): Column => {
      const sequence = sequences.get(`${table.oid}.${column.number}`)
      const { number, name, modifier, hasDefault, generated } = column
      const type = types(column.type)
      const notNull = column.notNull || refusesNull(type)
      return { number, name, type, modifier, notNull, hasDefault, generated, ...(sequence && { sequence }) }
    })
    const toCheck = (name: string, text: string): Check => readCheck(name, text, own)
    const all = constraints.get(table.oid) ?? []
    return {
      oid: table.oid,
      schema: table.schema,
      name: table.name,
      label: `${table.schema}.${table.name}`,
      sql: `${quoted(table.schema)}.${quoted(table.name)}`,
      ignored: left.has(table.schema) || left.has(`${table.schema}.${table.name}`),
      used: table.used,
      columns: own,
      checks: all.filter(({ kind }) => kind === 'c').map(({ name, text }) => toCheck(name, text ?? 'true')),
      uniques: (uniques.get(table.oid) ?? []).map((unique) => toUnique(unique, own)),
      references: all.filter(({ kind }) => kind === 'f').map(toReference),
      ...(table.partitioned && {
        partitions: (partitions.get(table.oid) ?? []).map(({ name, text }) => toCheck(name, text || 'true')),
      }),
    }
  })
  return { tables, inside: found.inside }
}

function readCheck(name: string, text: string, columns: readonly { name: string; number: number }[]): Check {
  const [condition = { A_Const: { boolval: { boolval: true } } }] = parseExpressions(text)
  const names = columnsOf(condition)
  return {
    name,
    text,
    condition,
    columns: columns.filter((column) => names.has(column.name)).map((column) => column.number),
  }
}

function toUnique(unique: FoundUnique, columns: readonly Column[]): Unique {
  const { name, primary, nullsDistinct } = unique
  const expressions = unique.expressions === null ? [] : [...parseExpressions(unique.expressions)]
  const [predicate] = unique.predicate === null ? [] : parseExpressions(unique.predicate)
  const names = new Set([...expressions, ...(predicate ? [predicate] : [])].flatMap((node) => [...columnsOf(node)]))
  const inside = columns.filter((column) => names.has(column.name)).map((column) => column.number)
  const parts = unique.columns.map((number) => (number === 0 ? (expressions.shift() ?? number) : number))
  return {
    name,
    primary,
    nullsDistinct,
    columns: [...new Set([...unique.columns.filter((number) => number > 0), ...inside])],
    parts,
    ...(predicate && { predicate }),
    ...(unique.operators && { operators: unique.operators }),
  }
}

const toReference = ({ name, columns, to, toColumns, full }: FoundConstraint): Reference => ({
  name,
  columns: columns ?? [],
  to,
  toColumns: toColumns ?? [],
  full,
})

/** A domain may refuse NULL where the column would take it. */
const refusesNull = (type: Type): boolean => type.kind === 'domain' && (type.notNull || refusesNull(type.of))

/** Types refer to one another: each is built when it is first asked for. */
function toTypes(found: readonly FoundType[]): (oid: number) => Type {
  const byOid = new Map(found.map((type) => [type.oid, type]))
  const built = new Map<number, Type>()
  const build = (oid: number): Type => {
    const type = byOid.get(oid)
    if (type === undefined) return { oid, schema: 'pg_catalog', name: 'unknown', category: 'X', kind: 'base' }
    const { schema, name, category, modifier, notNull } = type
    const common = { oid, schema, name, category }
    if (type.kind === 'e') return { ...common, kind: 'enum', labels: type.labels ?? [] }
    if (type.kind === 'c') {
      const fields = (type.fields ?? []).map((field) => ({ type: get(field.type), modifier: field.modifier }))
      return { ...common, kind: 'composite', fields }
    }
    if (type.of === null || type.of === 0) return { ...common, kind: 'base' }
    if (type.kind === 'd') {
      const checks = (type.checks ?? []).map((check) =>
        readCheck(check.name, check.text, [{ name: 'value', number: 1 }]),
      )
      return { ...common, kind: 'domain', of: get(type.of), modifier, notNull, checks }
    }
    if (type.kind === 'r') return { ...common, kind: 'range', of: get(type.of) }
    if (type.kind === 'm') return { ...common, kind: 'multirange', of: get(type.of) }
    return type.array ? { ...common, kind: 'array', of: get(type.of) } : { ...common, kind: 'base' }
  }
  const get = (oid: number): Type => {
    const known = built.get(oid)
    if (known !== undefined) return known
    const type = build(oid)
    built.set(oid, type)
    return type
  }
  return get
}
