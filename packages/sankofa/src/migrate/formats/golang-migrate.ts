import type { History, Migration, Step } from '../migration.ts'
import { type Entry, type Folder, readText, refuseTwins } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'

/** Go's migrate: `0042_name.up.sql` and `0042_name.down.sql`. */
export const golangMigrate: Format = {
  tool: 'golang-migrate',
  looks: 'golang-migrate: 0042_name.up.sql and 0042_name.down.sql',
  async count(folder) {
    const parts = folder.entries.flatMap((entry) => parse(entry) ?? [])
    // A `.down.sql` alone may be the way back that a team added to another tool's folder.
    return parts.filter((part) => part.way === 'up').length
  },
  read,
}

type Part = { readonly version: bigint; readonly name: string; readonly way: 'up' | 'down'; readonly entry: Entry }

function parse(entry: Entry): Part | undefined {
  const found = entry.children === undefined ? /^(\d+)_(.*)\.(up|down)\.sql$/.exec(entry.name) : null
  const [, digits = '', name = '', way] = found ?? []
  if (way !== 'up' && way !== 'down') return undefined
  return { version: BigInt(digits), name: `${digits}_${name}`, way, entry }
}

async function read(folder: Folder): Promise<Found> {
  const parts = folder.entries.flatMap((entry) => parse(entry) ?? [])
  for (const way of ['up', 'down'] as const) {
    const same = parts.filter((part) => part.way === way)
    refuseTwins(
      folder,
      same.map((part) => ({ version: part.version.toString(), name: part.entry.name })),
    )
  }
  const versions = [...Map.groupBy(parts, (part) => part.version)].sort(([a], [b]) => (a < b ? -1 : 1))
  const migrations: Migration[] = []
  for (const [, ways] of versions) {
    const up = ways.find((part) => part.way === 'up')
    const down = ways.find((part) => part.way === 'down')
    if (up === undefined) {
      folder.problems.push(`${down?.entry.name} has no file for the way up. Write it, or delete this one.`)
      continue
    }
    const undo = down && (await toStep(folder, down.entry))
    migrations.push({
      id: up.name,
      group: up.name,
      up: await toStep(folder, up.entry),
      ...(undo === undefined ? {} : { undo }),
    })
  }
  return { migrations, history: history(migrations) }
}

const toStep = async (folder: Folder, entry: Entry): Promise<Step> =>
  sqlStep(await readText(folder, entry.path), entry.path)

const versionOf = (id: string): bigint => BigInt(/^\d+/.exec(id)?.[0] ?? 0)

/** One row: the newest version. Everything up to it counts as applied. */
function history(migrations: readonly Migration[]): History {
  return {
    tables: ['public.schema_migrations'],
    async ensure(client) {
      await client.query(
        'create table if not exists schema_migrations (version bigint not null primary key, dirty boolean not null)',
      )
    },
    async applied(client) {
      const there = await client.query<{ there: boolean }>(
        `select to_regclass('schema_migrations') is not null as there`,
      )
      if (there.rows[0]?.there !== true) return []
      const found = await client.query<{ version: string; dirty: boolean }>(
        'select schema_migrations.version::text, schema_migrations.dirty from schema_migrations limit 1',
      )
      const [row] = found.rows
      if (row === undefined) return []
      const newest = BigInt(row.version)
      // Dirty: that version began and did not end.
      return migrations
        .map((one) => one.id)
        .filter((id) => versionOf(id) < newest || (versionOf(id) === newest && !row.dirty))
    },
    async add(client, migration) {
      const version = versionOf(migration.id).toString()
      await client.query('delete from schema_migrations where version <= $1::bigint', [version])
      await client.query(
        `insert into schema_migrations (version, dirty)
         select $1::bigint, false
          where not exists (select 1 from schema_migrations)`,
        [version],
      )
    },
    async remove(client, migration) {
      const version = versionOf(migration.id)
      const before = migrations.findLast((other) => versionOf(other.id) < version)
      const gone = await client.query('delete from schema_migrations where version = $1::bigint', [version.toString()])
      if (before === undefined || gone.rowCount === 0) return
      await client.query('insert into schema_migrations (version, dirty) values ($1::bigint, false)', [
        versionOf(before.id).toString(),
      ])
    },
  }
}
