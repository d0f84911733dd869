import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { StepClient } from '../migration.ts'
import { importFrom, requireFrom, resolveFrom } from './require-from.ts'

export type Way = (pgm: Builder, done?: () => void) => unknown
export type Shorthands = Readonly<Record<string, unknown>>

/** The part of node-pg-migrate's builder that is used here: it collects SQL, which then runs. */
export type Builder = {
  enableReverseMode(): unknown
  isUsingTransaction(): boolean
  getSqlSteps(): readonly string[]
}
type Make = new (db: object, shorthands: Shorthands, decamelize: boolean, logger: object) => Builder

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** What of a project the builder needs to know. */
export type Project = { readonly root: string; readonly shorthands: Shorthands; readonly decamelize: boolean }

async function build(project: Project, way: Way, reverse: boolean, db: object): Promise<Builder> {
  const { root, shorthands, decamelize } = project
  const MigrationBuilder = await findBuilder(root)
  const builder = new MigrationBuilder(db, shorthands, decamelize, silent)
  if (reverse) builder.enableReverseMode()
  // With a second parameter it says by a call that it has ended.
  if (way.length === 2) await new Promise<void>((done) => way(builder, done))
  else await way(builder)
  return builder
}

/**
 * What is known of a function before it runs: whether it asks for a transaction.
 *
 * @returns `undefined` where it was to be reversed and cannot be
 */
export async function planOf(
  project: Project,
  way: Way,
  reverse: boolean,
): Promise<{ readonly transaction: boolean } | undefined> {
  const refuse = () => Promise.reject(new Error('no database yet'))
  try {
    const builder = await build(project, way, reverse, { query: refuse, select: refuse, column: refuse })
    return { transaction: builder.isUsingTransaction() }
  } catch (error) {
    if (reverse && /^Impossible to automatically infer/.test((error as Error).message)) return undefined
    // It asks the database before it says all: its text is what is left to go by.
    return { transaction: !/\bnoTransaction\s*\(/.test(String(way)) }
  }
}

/** The SQL of a function, in the order in which it runs. */
export async function stepsOf(
  project: Project,
  way: Way,
  reverse: boolean,
  client: StepClient,
): Promise<readonly string[]> {
  const query = (sql: string, values?: unknown[]) => client.query(sql, values)
  const select = async (sql: string, values?: unknown[]) => (await query(sql, values)).rows as Record<string, unknown>[]
  const column = async (name: string, sql: string, values?: unknown[]) =>
    (await select(sql, values)).map((row) => row[name])
  return (await build(project, way, reverse, { query, select, column })).getSqlSteps()
}

/** Exported from version 8 on; before, it is in a file of its own. */
async function findBuilder(root: string): Promise<Make> {
  const { MigrationBuilder } = (await importFrom(root, 'node-pg-migrate')) as { readonly MigrationBuilder?: Make }
  if (MigrationBuilder !== undefined) return MigrationBuilder
  const inside = join(dirname(resolveFrom(root, 'node-pg-migrate')), 'migrationBuilder.js')
  const file = existsSync(inside) ? inside : inside.replace('migrationBuilder', 'migration-builder')
  const loaded = requireFrom(root, file) as { readonly MigrationBuilder?: Make; readonly default?: Make }
  const found = loaded.MigrationBuilder ?? loaded.default
  if (found === undefined) throw new Error(`${file} exports no MigrationBuilder. Use node-pg-migrate 6 or newer.`)
  return found
}
