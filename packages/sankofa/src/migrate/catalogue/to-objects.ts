import type { CatalogueObject, ObjectKind, Value } from './catalogue.ts'

/** One object as a query finds it: the fields below, and every property beside them. */
export type Row = {
  readonly kind: ObjectKind
  readonly catalogue: string
  readonly oid: number
  readonly sub?: number
  readonly schema?: string | null
  readonly own_name: string
  /** Where the name a person says is not `schema.own_name`. */
  readonly name?: string
  readonly on_path?: readonly string[] | null
  readonly sql?: string | null
} & { readonly [property: string]: Value }

export type Comment = readonly [catalogue: string, oid: number, sub: number, text: string]

export type NotNull = readonly [relation: number, column: number, name: string, validated: boolean, noInherit: boolean]

/** Puts together what the queries found apart. */
export function toObjects(
  rows: readonly Row[],
  comments: readonly Comment[],
  notNulls: readonly NotNull[],
): readonly CatalogueObject[] {
  const extra = new Map<string, Record<string, Value>>()
  const columnNames = new Map<string, string>()
  const places = new Map<number, number>()
  for (const [relation, column, name, validated, noInherit] of notNulls) {
    extra.set(`pg_class ${relation} ${column}`, {
      notNullName: name,
      ...(validated ? {} : { notNullValidated: false }),
      ...(noInherit ? { notNullNoInherit: true } : {}),
    })
  }
  for (const { kind, oid, sub = 0, own_name: name } of rows) {
    if (kind !== 'column') continue
    columnNames.set(`${oid} ${sub}`, name)
    // The place among those that are there: the server's number keeps the holes of dropped ones.
    const place = (places.get(oid) ?? 0) + 1
    places.set(oid, place)
    extra.set(`pg_class ${oid} ${sub}`, { ...extra.get(`pg_class ${oid} ${sub}`), place })
  }
  for (const [catalogue, oid, sub, comment] of comments) {
    const key = `${catalogue} ${oid} ${sub}`
    extra.set(key, { ...extra.get(key), comment })
  }
  return rows.map((row) => toObject(row, extra, columnNames))
}

function toObject(
  row: Row,
  extra: ReadonlyMap<string, Record<string, Value>>,
  columnNames: ReadonlyMap<string, string>,
): CatalogueObject {
  const {
    kind,
    catalogue,
    oid,
    sub = 0,
    schema,
    own_name: ownName,
    name,
    on_path: onPath,
    sql,
    relation,
    ...rest
  } = row
  const on = onPath?.join('.')
  const properties: Record<string, Value> = {}
  for (const [key, value] of Object.entries(rest)) {
    if (value === null || value === undefined) continue
    if (key === 'privileges') properties[key] = (value as readonly string[]).toSorted()
    else if (key === 'columns' && kind === 'constraint') {
      properties[key] = (value as readonly number[]).map((number) => columnNames.get(`${relation} ${number}`) ?? number)
    } else properties[key.includes('_') ? camelCase(key) : key] = value
  }
  Object.assign(properties, extra.get(`${catalogue} ${oid} ${sub}`))
  const home = on !== undefined && namedWithin.has(kind) ? on : schema
  return {
    kind,
    name: name ?? (home ? `${home}.${ownName}` : ownName),
    ...(schema ? { schema } : {}),
    ownName,
    ...(on === undefined ? {} : { on }),
    properties,
    ...(typeof sql === 'string' ? { sql } : {}),
    identity: { catalogue, oid, sub },
  }
}

const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Their names are unique within their table only; an index has the names of the schema for itself. */
const namedWithin: ReadonlySet<ObjectKind> = new Set(['column', 'constraint', 'trigger', 'rule', 'policy'])
