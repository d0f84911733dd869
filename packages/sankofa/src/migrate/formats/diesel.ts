import { join } from 'node:path'
import type { Migration } from '../migration.ts'
import { byName, type Entry, type Folder, readText, refuseTwins } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'
import { tableHistory } from './table-history.ts'

/** Rust's diesel: `2026-11-20-101500_name/up.sql` and `down.sql`. */
export const diesel: Format = {
  tool: 'diesel',
  looks: 'diesel: 2026-11-20-101500_name/up.sql and down.sql',
  async count(folder) {
    const entries = folder.entries.filter(isMigration)
    const surely = entries.some(
      (entry) =>
        isNamedByDiesel(entry) || entry.children?.some((name) => name === 'down.sql' || name === 'metadata.toml'),
    )
    return surely ? entries.length : 0
  },
  read,
}

// A folder of another tool may hold a down.sql of ours.
const isMigration = (entry: Entry): boolean =>
  entry.children?.some((name) => name === 'up.sql' || name === 'down.sql') === true &&
  !entry.children.some((name) => name === 'undo.sql' || name === 'migration.sql')

/** As `diesel migration generate` names a folder, also where nobody has written a way back. */
export const isNamedByDiesel = (entry: Entry): boolean => /^\d{4}-\d\d-\d\d-\d{6}_/.test(entry.name)

/** What diesel orders by and keeps: the name up to the first `_`, without dashes. */
const versionOf = (name: string): string => (name.split('_', 1)[0] ?? name).replaceAll('-', '')

async function read(folder: Folder): Promise<Found> {
  const entries = folder.entries
    .filter(isMigration)
    .sort((a, b) => byName(versionOf(a.name), versionOf(b.name)) || byName(a.name, b.name))
  refuseTwins(
    folder,
    entries.map((entry) => ({ version: versionOf(entry.name), name: entry.name })),
  )
  const migrations: Migration[] = []
  for (const entry of entries) {
    if (!entry.children?.includes('up.sql')) {
      folder.problems.push(`${entry.name} has a down.sql and no up.sql. Write it, or delete the folder.`)
      continue
    }
    const transaction = (await runsInTransaction(folder, entry)) ? 'auto' : 'none'
    const up = await readText(folder, join(entry.path, 'up.sql'))
    const down = entry.children.includes('down.sql') ? await readText(folder, join(entry.path, 'down.sql')) : undefined
    migrations.push({
      id: entry.name,
      group: entry.name,
      up: sqlStep(up, join(entry.path, 'up.sql'), transaction),
      ...(down === undefined ? {} : { undo: sqlStep(down, join(entry.path, 'down.sql'), transaction) }),
    })
  }
  return { migrations, history: tableHistory(table, migrations) }
}

/** The one setting that diesel reads from `metadata.toml`, at the top level of the file. */
async function runsInTransaction(folder: Folder, entry: Entry): Promise<boolean> {
  if (!entry.children?.includes('metadata.toml')) return true
  const toml = await readText(folder, join(entry.path, 'metadata.toml'))
  const topLevel = toml.split(/^[ \t]*\[/m, 1)[0] ?? ''
  return !/^[ \t]*run_in_transaction[ \t]*=[ \t]*false\b/m.test(topLevel)
}

const table = {
  table: '__diesel_schema_migrations',
  tables: ['public.__diesel_schema_migrations'],
  create: [
    `create table if not exists __diesel_schema_migrations (
       version varchar(50) primary key not null,
       run_on timestamp not null default current_timestamp
     )`,
  ],
  select: 'select version as key from __diesel_schema_migrations order by version',
  keyOf: versionOf,
  insert: (version: string) => ({
    text: 'insert into __diesel_schema_migrations (version) values ($1)',
    values: [version],
  }),
  remove: (version: string) => ({
    text: 'delete from __diesel_schema_migrations where version = $1',
    values: [version],
  }),
}
