import pg from 'pg'
import type { Migration, Step } from '../migration.ts'
import { type Entry, type Folder, readText } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'
import { codeStep, countModules, exported, loadModules, type ModuleFile } from './module-files.ts'
import { type Project, planOf, type Shorthands, stepsOf, type Way } from './node-pg-migrate-builder.ts'
import { type NodePgMigrateSettings, nodePgMigrateSettings } from './node-pg-migrate-settings.ts'
import { quotedTable } from './quoted.ts'
import { needPackage } from './require-from.ts'
import { findMarkers, onlyLines } from './sections.ts'
import { tableHistory } from './table-history.ts'

/** node-pg-migrate: modules that export `up(pgm)` and `down(pgm)`, or SQL with `-- Up Migration` and `-- Down Migration`. */
export const nodePgMigrate: Format = {
  tool: 'node-pg-migrate',
  looks: 'node-pg-migrate: 1763633700000_name.js, .ts, or .sql with "-- Up Migration" and "-- Down Migration"',
  async count(folder) {
    const sql = folder.entries.filter((entry) => entry.children === undefined && /^\d+.*\.sql$/.test(entry.name))
    const marked = await Promise.all(
      sql.map(async (entry) => findMarkers(await readText(folder, entry.path), marker('up')).length > 0),
    )
    return marked.filter(Boolean).length + (await countModules(folder, 'node-pg-migrate'))
  },
  read,
}

const marker = (way: 'up' | 'down') => new RegExp(`^\\s*--[\\s-]*${way}\\s+migration`, 'i')

async function read(folder: Folder): Promise<Found> {
  const found: { readonly entry: Entry; readonly module?: ModuleFile }[] = [
    ...(await loadModules(folder)).map((module) => ({ entry: module.entry, module })),
    ...folder.entries.filter((entry) => /^\d+.*\.sql$/.test(entry.name)).map((entry) => ({ entry })),
  ].filter(({ entry }) => {
    if (/^\d/.test(entry.name)) return true
    folder.problems.push(
      `${entry.name} does not begin with a number, which node-pg-migrate orders by. Move it out, or name it.`,
    )
    return false
  })
  found.sort((a, b) => byNumber(a.entry.name, b.entry.name))
  const settings = nodePgMigrateSettings(folder.root)
  if (found.some(({ module }) => module !== undefined)) needPackage(folder, 'node-pg-migrate')
  const migrations: Migration[] = []
  let shorthands: Shorthands = {}
  for (const { entry, module } of found) {
    const id = entry.name.replace(/\.[^.]+$/, '')
    if (module !== undefined)
      shorthands = { ...shorthands, ...(exported(module, 'shorthands') as Shorthands | undefined) }
    const steps =
      module === undefined
        ? await fromSql(folder, entry)
        : await fromModule(folder, module, { root: folder.root, shorthands, decamelize: settings.decamelize })
    if (steps !== undefined) migrations.push({ id, group: id, ...steps })
  }
  const twice = migrations.filter((one, index) => migrations.findIndex((other) => other.id === one.id) !== index)
  for (const { id } of twice) folder.problems.push(`${id} is there more than once, with different endings. Keep one.`)
  return { migrations, history: tableHistory(tableOf(settings), migrations) }
}

type Steps = { readonly up: Step; readonly undo?: Step }

async function fromSql(folder: Folder, entry: Entry): Promise<Steps> {
  const text = await readText(folder, entry.path)
  const lines = text.split('\n').length
  const [up, down] = [findMarkers(text, marker('up'))[0]?.line, findMarkers(text, marker('down'))[0]?.line]
  const part = (from: number | undefined, other: number | undefined) =>
    sqlStep(onlyLines(text, [[from ?? 0, other !== undefined && other > (from ?? 0) ? other : lines]]), entry.path)
  return {
    up: part(up === undefined ? undefined : up + 1, down),
    ...(down === undefined ? {} : { undo: part(down + 1, up) }),
  }
}

async function fromModule(folder: Folder, module: ModuleFile, project: Project): Promise<Steps | undefined> {
  const [up, down] = [exported(module, 'up'), exported(module, 'down')]
  if (typeof up !== 'function') {
    folder.problems.push(`${module.entry.name} exports no function "up". Export one, or move the file out.`)
    return undefined
  }
  const toStep = async (way: Way, reverse: boolean): Promise<Step | undefined> => {
    const plan = await planOf(project, way, reverse)
    if (plan === undefined) return undefined
    return codeStep(folder, module, plan.transaction, async (over) => {
      for (const sql of await stepsOf(project, way, reverse, over.client)) await over.client.query(sql)
    })
  }
  const forward = await toStep(up as Way, false)
  if (forward === undefined) return undefined
  // `down = false`: the author says that there is none. Absent: the tool reverses `up` where it can.
  const undo = down === false ? undefined : await toStep((down ?? up) as Way, down === undefined)
  return { up: forward, ...(undo === undefined ? {} : { undo }) }
}

/** By the number that the name begins with, of which 17 digits are a time in UTC; then by the rest. */
function byNumber(a: string, b: string): number {
  const byRest = a.localeCompare(b, undefined, {
    usage: 'sort',
    numeric: true,
    sensitivity: 'variant',
    ignorePunctuation: true,
  })
  return numberOf(a) - numberOf(b) || byRest
}

function numberOf(name: string): number {
  const digits = /^\d+/.exec(name)?.[0] ?? ''
  const [, date, hour, minute, second, ms] = /^(\d{8})(\d\d)(\d\d)(\d\d)(\d{3})$/.exec(digits) ?? []
  if (date === undefined) return Number(digits)
  return Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${hour}:${minute}:${second}.${ms}Z`)
}

function tableOf({ table, migrationsSchema, schema }: NodePgMigrateSettings) {
  const place = migrationsSchema ?? schema
  const name = quotedTable(table, place)
  return {
    table: name,
    tables: [`${place ?? 'public'}.${table}`],
    create: [
      ...(place === undefined ? [] : [`create schema if not exists ${pg.escapeIdentifier(place)}`]),
      `create table if not exists ${name} (id serial primary key, name varchar(255) not null, run_on timestamp not null)`,
    ],
    select: `select history.name as key from ${name} as history order by history.run_on, history.id`,
    keyOf: (id: string) => id,
    insert: (key: string) => ({
      text: `insert into ${name} (name, run_on) values ($1, clock_timestamp())`,
      values: [key],
    }),
    remove: (key: string) => ({ text: `delete from ${name} where name = $1`, values: [key] }),
  }
}
