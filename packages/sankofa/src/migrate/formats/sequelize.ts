import pg from 'pg'
import type { Migration } from '../migration.ts'
import type { Folder } from './folder.ts'
import type { Format, Found } from './format.ts'
import { codeStep, countModules, exported, loadModules } from './module-files.ts'
import type { PgOverClient } from './pg-over-client.ts'
import { findSettings, ofThisEnvironment, type Settings, textAt, valueAt } from './project-settings.ts'
import { quotedTable } from './quoted.ts'
import { needPackage, requireFrom } from './require-from.ts'
import { tableHistory } from './table-history.ts'

/** Sequelize: modules that export `up(queryInterface, Sequelize)`, or, with Umzug, `up({ context })`. */
export const sequelize: Format = {
  tool: 'sequelize',
  looks: 'sequelize: 20261120101500-name.js, exporting up(queryInterface, Sequelize) and down',
  count: (folder) => countModules(folder, 'sequelize'),
  read,
}

type Way = (...given: readonly unknown[]) => unknown
type Instance = { getQueryInterface(): object; close(): Promise<void> }
type Package = { readonly Sequelize: new (settings: object) => Instance }

async function read(folder: Folder): Promise<Found> {
  needPackage(folder, 'sequelize')
  const settings = await settingsOf(folder)
  const migrations: Migration[] = []
  for (const module of await loadModules(folder)) {
    const [up, down] = [exported(module, 'up'), exported(module, 'down')]
    if (typeof up !== 'function') {
      folder.problems.push(`${module.entry.name} exports no function "up". Export one, or move the file out.`)
      continue
    }
    // Neither sequelize-cli nor Umzug opens a transaction: a module that wants one opens its own.
    const toStep = (way: Way) =>
      codeStep(folder, module, false, (over) => runWithSequelize(folder.root, settings, over, way))
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

/** `config/config.json` or `.js`, of this environment. */
async function settingsOf(folder: Folder): Promise<Settings> {
  const within = { ...folder, directory: `${folder.root}/config` }
  return ofThisEnvironment(await findSettings(within, /^(config|database)\.(json|[cm]?js|ts)$/))
}

async function runWithSequelize(root: string, settings: Settings, over: PgOverClient, way: Way): Promise<void> {
  const { Sequelize } = requireFrom(root, 'sequelize') as Package
  const instance = new Sequelize({
    dialect: 'postgres',
    dialectModule: over,
    // Told, so that it opens no connection to ask.
    databaseVersion: '15.0.0',
    // The connection is not its own: what it sets there would stay.
    keepDefaultTimezone: true,
    standardConformingStrings: false,
    dialectOptions: { clientMinMessages: 'ignore' },
    logging: false,
    ...(valueAt(settings, 'define') === undefined ? {} : { define: valueAt(settings, 'define') }),
  })
  const queryInterface = instance.getQueryInterface()
  // sequelize-cli hands it over itself, Umzug as the `context` of its only argument: one object serves both.
  await way(Object.assign(queryInterface, { context: queryInterface }), Sequelize)
}

function table(settings: Settings) {
  const schema = textAt(settings, 'migrationStorageTableSchema')
  const name = textAt(settings, 'migrationStorageTableName') ?? 'SequelizeMeta'
  const history = quotedTable(name, schema)
  return {
    table: history,
    tables: [`${schema ?? 'public'}.${name}`],
    create: [
      ...(schema === undefined ? [] : [`create schema if not exists ${pg.escapeIdentifier(schema)}`]),
      `create table if not exists ${history} (name varchar(255) not null unique primary key)`,
    ],
    select: `select history.name as key from ${history} as history order by history.name`,
    keyOf: (id: string) => id,
    insert: (name: string) => ({ text: `insert into ${history} (name) values ($1)`, values: [name] }),
    remove: (name: string) => ({ text: `delete from ${history} where name = $1`, values: [name] }),
  }
}
