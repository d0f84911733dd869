import type { StepClient } from '../migration.ts'
import type { Catalogue, CatalogueObject, Dependency, ObjectKind, Value } from './catalogue.ts'
import { queries } from './queries/queries.ts'
import { forEveryReader, restore } from './queries/session.ts'

/** One object as a query finds it: the fields below, and every property beside them. */
type Row = {
  readonly kind: ObjectKind
  readonly catalogue: string
  readonly oid: number
  readonly sub?: number
  readonly schema?: string | null
  readonly own_name: string
  /** Where the name a person says is not `schema.own_name`. */
  readonly name?: string
  readonly on_path?: readonly string[] | null
} & { readonly [property: string]: Value }

/**
 * Reads the schema of a database: one round trip, inside the caller's transaction where it has one, as any role. What
 * `pg_catalog`, `information_schema`, Sankofa and extensions hold is left out; an extension itself is an object.
 *
 * @param options.ignore - schemas and `schema.table`s to leave out too: a tool's history table
 */
export async function readCatalogue(
  client: StepClient,
  options: { readonly ignore?: readonly string[] } = {},
): Promise<Catalogue> {
  const answers = (await client.query([...forEveryReader, ...queries, ...restore].join(';\n'))) as unknown as readonly {
    readonly rows: readonly { readonly found: string }[]
  }[]
  const found = answers.flatMap((answer) => answer.rows.flatMap((row) => ('found' in row ? [row.found] : [])))
  const [server, dependencies, comments, ...lists] = found.map((text): unknown => JSON.parse(text))
  const commentOf = new Map(comments as readonly (readonly [string, string])[])
  const rows = (lists as readonly (readonly Row[])[]).flat()
  const objects = leaveOut(
    rows.map((row) => toObject(row, commentOf)),
    options.ignore ?? [],
  )
  return { serverVersion: server as number, objects: numbered(objects), dependencies: dependencies as Dependency[] }
}

function toObject(row: Row, comments: ReadonlyMap<string, string>): CatalogueObject {
  const { kind, catalogue, oid, sub = 0, schema, own_name: ownName, name, on_path: onPath, ...rest } = row
  const on = onPath?.join('.')
  const comment = comments.get(`${catalogue} ${oid} ${sub}`)
  const properties: Record<string, Value> = {}
  for (const [key, value] of Object.entries(rest)) {
    if (value !== null)
      properties[camelCase(key)] = key === 'privileges' ? [...(value as readonly string[])].sort() : value
  }
  if (comment !== undefined) properties.comment = comment
  return {
    kind,
    name: name ?? [...(on !== undefined && livesIn(kind) ? [on] : schema ? [schema] : []), ownName].join('.'),
    ...(schema ? { schema } : {}),
    ownName,
    ...(on === undefined ? {} : { on }),
    properties,
    identity: { catalogue, oid, sub },
  }
}

const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Its name is unique within its table, so the table is part of it; an index has the schema's names for itself. */
const livesIn = (kind: ObjectKind): boolean =>
  kind === 'column' || kind === 'constraint' || kind === 'trigger' || kind === 'rule' || kind === 'policy'

/** Whatever belongs to a table that is left out goes with it. */
function leaveOut(objects: readonly CatalogueObject[], ignore: readonly string[]): readonly CatalogueObject[] {
  if (ignore.length === 0) return objects
  const ignored = new Set(ignore)
  return objects.filter(
    ({ kind, name, schema, on, properties: { ownedBy } }) =>
      !ignored.has(schema ?? (kind === 'schema' ? name : '')) &&
      !ignored.has(on ?? name) &&
      !(typeof ownedBy === 'string' && ignored.has(ownedBy.slice(0, ownedBy.lastIndexOf('.')))),
  )
}

/** The place of a column among those that are there: the number in the server's catalogue keeps the holes of dropped ones. */
function numbered(objects: readonly CatalogueObject[]): readonly CatalogueObject[] {
  const last = new Map<string, number>()
  return objects.map((object) => {
    if (object.kind !== 'column' || object.on === undefined) return object
    const place = (last.get(object.on) ?? 0) + 1
    last.set(object.on, place)
    return { ...object, properties: { ...object.properties, place } }
  })
}
