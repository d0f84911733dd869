import type { Migration } from '../migration.ts'
import type { Folder } from './folder.ts'
import type { Format, Found } from './format.ts'
import { codeStep, countModules, exported, loadModules } from './module-files.ts'
import type { PgOverClient } from './pg-over-client.ts'
import { findSettings, ofThisEnvironment, type Settings, textAt, valueAt } from './project-settings.ts'
import { quotedTable } from './quoted.ts'
import { needPackage, requireFrom } from './require-from.ts'
import { tableHistory } from './table-history.ts'

/** Knex: modules that export `up(knex)` and `down(knex)`. */
export const knex: Format = {
  tool: 'knex',
  looks: 'knex: 20261120101500_name.js or .ts, exporting up(knex) and down(knex)',
  count: (folder) => countModules(folder, 'knex'),
  read,
}

type Way = (knex: unknown) => unknown
type Transaction = { commit(): Promise<unknown>; rollback(error?: unknown): Promise<unknown> }
type KnexInstance = { transaction(): Promise<Transaction>; destroy(): Promise<void> }
type Connection = { readonly __knexUid?: string }
/** The part of Knex's PostgreSQL client that gets connections from somewhere. */
type Dialect = new (
  settings: Settings,
) => { acquireConnection(): Promise<Connection>; releaseConnection(): Promise<void> }

async function read(folder: Folder): Promise<Found> {
  needPackage(folder, 'knex')
  const settings = ofThisEnvironment(await findSettings(folder, /^knexfile\.([cm]?[jt]s)$/))
  const withoutTransactions = valueAt(settings, 'migrations', 'disableTransactions') === true
  const migrations: Migration[] = []
  for (const module of await loadModules(folder)) {
    const [up, down] = [exported(module, 'up'), exported(module, 'down')]
    if (typeof up !== 'function') {
      folder.problems.push(`${module.entry.name} exports no function "up". Export one, or move the file out.`)
      continue
    }
    const told = valueAt(exported(module, 'config'), 'transaction')
    const transaction = typeof told === 'boolean' ? told : !withoutTransactions
    const toStep = (way: Way) =>
      codeStep(folder, module, transaction, (over) => runWithKnex(folder.root, settings, over, way, transaction))
    // Knex keeps the file's name with its extension.
    const { name: id } = module.entry
    migrations.push({
      id,
      group: id,
      up: toStep(up as Way),
      ...(typeof down === 'function' ? { undo: toStep(down as Way) } : {}),
    })
  }
  return { migrations, history: tableHistory(table(settings), migrations) }
}

async function runWithKnex(
  root: string,
  settings: Settings,
  over: PgOverClient,
  way: Way,
  transaction: boolean,
): Promise<void> {
  const make = requireFrom(root, 'knex') as (settings: Settings) => KnexInstance
  const Postgres = requireFrom(root, 'knex/lib/dialects/postgres') as Dialect
  class OverClient extends Postgres {
    override acquireConnection(): Promise<Connection> {
      return Promise.resolve(Object.assign(new over.Client(), { __knexUid: 'sankofa' }))
    }
    override releaseConnection(): Promise<void> {
      return Promise.resolve()
    }
  }
  // What shapes the SQL stays (names, search path, answers); what connects goes.
  const { connection: _, pool: __, migrations: ___, seeds: ____, ...shaping } = settings
  const instance = make({ ...shaping, client: OverClient, version: '15.0' })
  if (!transaction) {
    await way(instance)
    return
  }
  // The transaction is ours already: Knex begins and ends its own without PostgreSQL hearing of it.
  over.muted = true
  const own = await instance.transaction()
  over.muted = false
  try {
    await way(own)
  } finally {
    over.muted = true
    await own.commit().catch(() => {})
    over.muted = false
  }
}

function table(settings: Settings) {
  const name = textAt(settings, 'migrations', 'tableName') ?? 'knex_migrations'
  const schema = textAt(settings, 'migrations', 'schemaName')
  const [history, lock] = [quotedTable(name, schema), quotedTable(`${name}_lock`, schema)]
  return {
    table: history,
    tables: [name, `${name}_lock`].map((one) => `${schema ?? 'public'}.${one}`),
    create: [
      `create table if not exists ${history} (
         id serial primary key,
         name varchar(255),
         batch integer,
         migration_time timestamptz
       )`,
      `create table if not exists ${lock} (index serial primary key, is_locked integer)`,
      `insert into ${lock} (is_locked) select 0 where not exists (select 1 from ${lock})`,
    ],
    select: `select history.name as key from ${history} as history order by history.id`,
    keyOf: (id: string) => id,
    insert: (file: string) => ({
      text: `
        insert into ${history} (name, batch, migration_time)
        select $1, coalesce(max(history.batch), 0) + 1, clock_timestamp()
          from ${history} as history`,
      values: [file],
    }),
    remove: (file: string) => ({ text: `delete from ${history} where name = $1`, values: [file] }),
  }
}
