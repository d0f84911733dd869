import type { StepClient } from '../migration.ts'
import type { Catalogue, CatalogueObject } from './catalogue.ts'
import { withPlainViewTexts } from './plain-view-text.ts'
import { queries, rareQueries } from './queries/queries.ts'
import { forEveryReader, restore } from './queries/session.ts'
import { type Link, type StandIns, toDependencies } from './to-dependencies.ts'
import { type Comment, type NotNull, type Row, toObjects } from './to-objects.ts'

/**
 * Reads the schema of a database: one round trip, a second one where there are rare objects; inside the caller's
 * transaction where it has one; as any role. What `pg_catalog`, `information_schema`, Sankofa and extensions hold is left
 * out; an extension itself is an object.
 *
 * @param options.ignore - schemas and `schema.table`s to leave out too: a tool's history table
 */
export async function readCatalogue(
  client: StepClient,
  options: { readonly ignore?: readonly string[] } = {},
): Promise<Catalogue> {
  const [server, rare, links, standIns, comments, notNulls, ...lists] = await ask(client, queries)
  const [serverVersion, role] = server as readonly [number, string]
  const more = rareQueries(rare as readonly boolean[])
  const found = [...lists, ...(more.length === 0 ? [] : await ask(client, more))] as readonly (readonly Row[])[]
  const rows = await withPlainViewTexts(found.flat(), serverVersion)
  const objects = toObjects(rows, comments as readonly Comment[], notNulls as readonly NotNull[])
  return {
    serverVersion,
    role,
    objects: leaveOut(objects, options.ignore ?? []),
    dependencies: toDependencies(links as readonly Link[], standIns as StandIns),
  }
}

/** All in one message, which PostgreSQL runs as one transaction; what the settings answer has no `found`. */
async function ask(client: StepClient, wanted: readonly string[]): Promise<readonly unknown[]> {
  const answers = (await client.query([...forEveryReader, ...wanted, ...restore].join(';\n'))) as unknown as readonly {
    readonly rows: readonly { readonly found?: string }[]
  }[]
  return answers.flatMap(({ rows }) => rows.flatMap(({ found }) => (found === undefined ? [] : [JSON.parse(found)])))
}

/** Whatever belongs to a table that is left out goes with it. */
function leaveOut(objects: readonly CatalogueObject[], ignore: readonly string[]): readonly CatalogueObject[] {
  if (ignore.length === 0) return objects
  const ignored = new Set(ignore)
  return objects.filter(({ kind, name, schema, on, properties: { ownedBy } }) => {
    const owner = Array.isArray(ownedBy) ? `${ownedBy[0]}.${ownedBy[1]}` : undefined
    return ![schema ?? (kind === 'schema' ? name : ''), on ?? name, owner ?? ''].some((place) => ignored.has(place))
  })
}
