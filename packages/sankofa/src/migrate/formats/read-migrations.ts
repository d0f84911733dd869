import { resolve } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import type { MigrationSet, Tool } from '../migration.ts'
import { type Folder, openFolder } from './folder.ts'
import type { Format } from './format.ts'
import { formats } from './formats.ts'
import { readWithLoader } from './loader.ts'
import { recognise, rootOf } from './recognise.ts'

export type ReadOptions = {
  /** Recognised by the folder's contents unless told. */
  readonly tool?: Tool
  /** A module that yields the migrations; then `tool` is `loader`. */
  readonly loader?: string
  /** The project's folder: where modules that migrations use are found. The nearest with a package.json unless told. */
  readonly root?: string
}

/**
 * Reads a folder of migrations as its tool left it, in the order in which the tool applies them.
 *
 * @param directory - the folder that holds the migrations themselves
 * @throws SankofaError `MIGRATIONS_NOT_FOUND`, `MIGRATIONS_UNCLEAR` where two tools fit, or `MIGRATIONS_WRONG` with
 *   everything that is wrong at once
 */
export async function readMigrations(directory: string, options: ReadOptions = {}): Promise<MigrationSet> {
  const path = resolve(directory)
  if (options.loader !== undefined) return readWithLoader(resolve(options.loader), path)
  const folder = await openFolder(path, resolve(options.root ?? rootOf(path)))
  if (folder === undefined) return notFound(path, 'there is no such folder')
  const format = await pick(folder, options.tool)
  const { migrations, history } = await format.read(folder)
  if (folder.problems.length > 0)
    throw new SankofaError('MIGRATIONS_WRONG', { directory: path, tool: format.tool, problems: folder.problems })
  if (migrations.length === 0)
    return notFound(path, `none of its ${folder.entries.length} entries is one of ${format.tool}`)
  return { tool: format.tool, directory: path, migrations, ...(history === undefined ? {} : { history }) }
}

async function pick(folder: Folder, tool: Tool | undefined): Promise<Format> {
  if (tool !== undefined) {
    const named = formats.find((format) => format.tool === tool)
    return named ?? notFound(folder.directory, `"${tool}" reads no folder; name the module with --loader`)
  }
  const [best, ...others] = await recognise(folder)
  if (best === undefined) {
    const few = folder.entries.slice(0, 5).map((entry) => entry.name)
    return notFound(folder.directory, few.length === 0 ? 'it is empty' : `it holds ${few.join(', ')}, of no known tool`)
  }
  const rivals = others.filter((other) => other.count === best.count)
  if (rivals.length > 0) {
    const names = [best, ...rivals].map((one) => one.format.tool)
    throw new SankofaError('MIGRATIONS_UNCLEAR', { directory: folder.directory, tools: names })
  }
  return best.format
}

function notFound(directory: string, reason: string): never {
  throw new SankofaError('MIGRATIONS_NOT_FOUND', { directory, reason, looks: formats.map((format) => format.looks) })
}
