import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CodeStep, StepClient, Tool } from '../migration.ts'
import { type Entry, type Folder, readText } from './folder.ts'
import { isRecord, loadProjectModule } from './load-module.ts'
import { type PgOverClient, pgOverClient } from './pg-over-client.ts'

/** A migration that is a module. */
export type ModuleFile = {
  readonly entry: Entry
  /** Its file's name without the extension. */
  readonly name: string
  readonly source: string
  readonly exports: Readonly<Record<string, unknown>>
}

const isModule = (entry: Entry): boolean =>
  entry.children === undefined &&
  /\.([cm]?[jt]s)$/.test(entry.name) &&
  !/\.(d|test|spec|config)\.[cm]?[jt]s$/.test(entry.name) &&
  !/^index\./.test(entry.name)

/** Loads every module of the folder. One that cannot be loaded is a problem, with what it said. */
export async function loadModules(folder: Folder): Promise<readonly ModuleFile[]> {
  const modules: ModuleFile[] = []
  for (const entry of folder.entries.filter(isModule)) {
    const source = await readText(folder, entry.path)
    try {
      modules.push({
        entry,
        name: entry.name.replace(/\.[^.]+$/, ''),
        source,
        exports: await loadProjectModule(entry.path),
      })
    } catch (error) {
      const { message } = error as Error
      folder.problems.push(
        `${entry.name} cannot be loaded: ${message.split('\n')[0]}. Mend it; does "npm install" have to run first?`,
      )
    }
  }
  return modules
}

/** An exported function, wherever the compiler put it: a name of its own, or inside of the default export. */
export function exported(module: ModuleFile, name: string): unknown {
  const { default: whole } = module.exports
  return module.exports[name] ?? (isRecord(whole) ? whole[name] : undefined)
}

/** What runs a module's function: everything that it sends goes through the one client. */
export function codeStep(
  folder: Folder,
  module: ModuleFile,
  transaction: boolean,
  run: (over: PgOverClient) => Promise<unknown>,
): CodeStep {
  return {
    kind: 'code',
    source: module.source,
    file: module.entry.path,
    transaction,
    async run(client: StepClient) {
      const over = pgOverClient(client, folder.root)
      try {
        await run(over)
      } finally {
        // Also when it fails: a statement that is still on its way must not arrive after the rollback.
        await over.end()
      }
    },
  }
}

const signs = {
  typeorm: /\bMigrationInterface\b|\bqueryRunner\b/,
  'node-pg-migrate': /\bpgm\b|\bnode-pg-migrate\b/,
  sequelize: /\bqueryInterface\b|\bQueryInterface\b|\bsequelize\b/,
  kysely: /\bkysely\b|\bKysely\b/,
  knex: /\bknex\b|\bKnex\b/,
} as const satisfies Partial<Record<Tool, RegExp>>

/** However a module says that it exports a function `up`, or a class with such a method. */
const goesUp = /\bexports\.up\b|\bexport\b[^\n]*\bup\b|\bup\s*[:(=]/

/** Every tool's generator begins a name with a number; only these two take others that people really use. */
const isNamed = (entry: Entry, tool: ModuleTool | undefined): boolean =>
  /^\d/.test(entry.name) || tool === 'typeorm' || tool === 'kysely'

export type ModuleTool = keyof typeof signs
const moduleTools = Object.keys(signs) as readonly ModuleTool[]

/** How many modules of the folder are this tool's: by what they speak of, else by what the project depends on. */
export async function countModules(folder: Folder, tool: ModuleTool): Promise<number> {
  const only = onlyDependency(folder.root)
  let count = 0
  for (const entry of folder.entries.filter(isModule)) {
    const source = await readText(folder, entry.path)
    const spoken = moduleTools.find((candidate) => signs[candidate].test(source))
    if (goesUp.test(source) && isNamed(entry, spoken) && (spoken ?? only) === tool) count++
  }
  return count
}

/** The only one of these tools that the project depends on. */
function onlyDependency(root: string): ModuleTool | undefined {
  const manifest = manifestOf(root)
  const names = new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})])
  const used = moduleTools.filter((tool) => names.has(tool) || names.has(`${tool}-cli`))
  return used.length === 1 ? used[0] : undefined
}

type Manifest = {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
}

export function manifestOf(root: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  } catch {
    return {}
  }
}
