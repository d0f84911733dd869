import type { Migration } from '../migration.ts'
import type { Folder } from './folder.ts'
import type { Format, Found } from './format.ts'
import { codeStep, countModules, exported, loadModules } from './module-files.ts'
import type { PgOverClient } from './pg-over-client.ts'
import { importFrom } from './require-from.ts'
import { tableHistory } from './table-history.ts'

/** Kysely: modules that export `up(db)` and `down(db)`. */
export const kysely: Format = {
  tool: 'kysely',
  looks: 'kysely: 20261120101500_name.ts or .js, exporting up(db) and down(db)',
  count: (folder) => countModules(folder, 'kysely'),
  read,
}

type Way = (db: unknown) => Promise<unknown>
/** The part of Kysely that is used here. */
type Package = {
  readonly Kysely: new (settings: {
    readonly dialect: object
  }) => {
    transaction(): { execute(work: (db: unknown) => Promise<void>): Promise<void> }
  }
  readonly PostgresDialect: new (settings: { readonly pool: object }) => object
}

async function read(folder: Folder): Promise<Found> {
  const migrations: Migration[] = []
  for (const module of await loadModules(folder)) {
    const [up, down] = [exported(module, 'up'), exported(module, 'down')]
    if (typeof up !== 'function') {
      folder.problems.push(`${module.entry.name} exports no function "up". Export one, or move the file out.`)
      continue
    }
    const toStep = (way: Way) => codeStep(folder, module, true, (over) => runWithKysely(folder.root, over, way))
    migrations.push({
      id: module.name,
      group: module.name,
      up: toStep(up as Way),
      ...(typeof down === 'function' ? { undo: toStep(down as Way) } : {}),
    })
  }
  return { migrations, history: tableHistory(table, migrations) }
}

async function runWithKysely(root: string, over: PgOverClient, way: Way): Promise<void> {
  const { Kysely, PostgresDialect } = (await importFrom(root, 'kysely')) as Package
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new over.Pool() }) })
  // Kysely's migrator hands a transaction to the module; its begin and commit are ours.
  over.muted = true
  await db.transaction().execute(async (transaction) => {
    over.muted = false
    try {
      await way(transaction)
    } finally {
      over.muted = true
    }
  })
}

const table = {
  table: 'kysely_migration',
  tables: ['public.kysely_migration', 'public.kysely_migration_lock'],
  create: [
    'create table if not exists kysely_migration (name varchar(255) not null primary key, "timestamp" varchar(255) not null)',
    'create table if not exists kysely_migration_lock (id varchar(255) not null primary key, is_locked integer default 0 not null)',
    `insert into kysely_migration_lock (id, is_locked) values ('migration_lock', 0) on conflict do nothing`,
  ],
  select: 'select history.name as key from kysely_migration as history order by history."timestamp", history.name',
  keyOf: (id: string) => id,
  insert: (name: string) => ({
    // Kysely orders by this time, and refuses to go on when it contradicts the names: never the same twice.
    text: `
      insert into kysely_migration (name, "timestamp")
      select $1, to_char(
               greatest(
                 clock_timestamp(),
                 max(history."timestamp"::timestamptz) + interval '1 millisecond'
               ) at time zone 'utc',
               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
             )
        from kysely_migration as history`,
    values: [name],
  }),
  remove: (name: string) => ({ text: 'delete from kysely_migration where name = $1', values: [name] }),
}
