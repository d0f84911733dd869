import pg from 'pg'
import type { Migration } from '../migration.ts'
import type { Folder } from './folder.ts'
import type { Format, Found } from './format.ts'
import { codeStep, countModules, exported, loadModules } from './module-files.ts'
import type { PgOverClient } from './pg-over-client.ts'
import { findSettings, textAt } from './project-settings.ts'
import { quotedTable } from './quoted.ts'
import { importFrom, needPackage } from './require-from.ts'
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
  needPackage(folder, 'kysely')
  const migrations: Migration[] = []
  for (const module of await loadModules(folder)) {
    const [up, down] = [exported(module, 'up'), exported(module, 'down')]
    // As Kysely's own provider does: a module without it is a helper.
    if (typeof up !== 'function') continue
    const toStep = (way: Way) => codeStep(folder, module, true, (over) => runWithKysely(folder.root, over, way))
    migrations.push({
      id: module.name,
      group: module.name,
      up: toStep(up as Way),
      ...(typeof down === 'function' ? { undo: toStep(down as Way) } : {}),
    })
  }
  const settings = await findSettings(folder, /^kysely\.config\.([cm]?[jt]s)$/)
  return { migrations, history: tableHistory(tableOf(settings), migrations) }
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

function tableOf(settings: unknown) {
  const name = textAt(settings, 'migrations', 'migrationTableName') ?? 'kysely_migration'
  const lockName = textAt(settings, 'migrations', 'migrationLockTableName') ?? 'kysely_migration_lock'
  const schema = textAt(settings, 'migrations', 'migrationTableSchema')
  const [table, lock] = [quotedTable(name, schema), quotedTable(lockName, schema)]
  return {
    table,
    tables: [name, lockName].map((one) => `${schema ?? 'public'}.${one}`),
    create: [
      ...(schema === undefined ? [] : [`create schema if not exists ${pg.escapeIdentifier(schema)}`]),
      `create table if not exists ${table} (name varchar(255) not null primary key, "timestamp" varchar(255) not null)`,
      `create table if not exists ${lock} (id varchar(255) not null primary key, is_locked integer default 0 not null)`,
      `insert into ${lock} (id, is_locked) values ('migration_lock', 0) on conflict do nothing`,
    ],
    select: `select history.name as key from ${table} as history order by history."timestamp", history.name`,
    keyOf: (id: string) => id,
    insert: (key: string) => ({
      // Kysely orders by this time, and refuses to go on when it contradicts the names: never the same twice.
      text: `
        insert into ${table} (name, "timestamp")
        select $1, to_char(
                 greatest(
                   clock_timestamp(),
                   max(history."timestamp"::timestamptz) + interval '1 millisecond'
                 ) at time zone 'utc',
                 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
               )
          from ${table} as history`,
      values: [key],
    }),
    remove: (key: string) => ({ text: `delete from ${table} where name = $1`, values: [key] }),
  }
}
