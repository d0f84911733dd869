import { relative, resolve } from 'node:path'
import { isSankofaError, SankofaError } from '../core/index.ts'
import { findMigrations, type MigrationSet, readMigrations, type Tool } from '../migrate/index.ts'
import { loadFiles } from './context.ts'
import { hasConfig } from './find-config.ts'

export type FindSetOptions = {
  readonly tool?: Tool | undefined
  readonly loader?: string | undefined
  readonly shadow?: string | undefined
}

export type FoundSet = {
  readonly set: MigrationSet
  readonly shadowUrl?: string | undefined
  /** It is the one that the config names, so that every command finds it. */
  readonly configured: boolean
}

/**
 * The migrations that are meant, from files alone: those of `directory`, which may also be the folder of a project; else
 * what the config names; else what is found by looking through the project.
 */
export async function findSet(
  from: string,
  directory: string | undefined,
  { tool, loader, shadow }: FindSetOptions,
): Promise<FoundSet> {
  const options = tool === undefined ? {} : { tool }
  const top = resolve(from, directory ?? '.')
  const found = (set: MigrationSet): FoundSet => ({ set, shadowUrl: shadow, configured: false })
  if (loader !== undefined) return found(await readMigrations(top, { ...options, loader: resolve(from, loader) }))
  if (directory !== undefined) {
    const set = await readIfThere(top, options)
    if (set !== undefined) return found(set)
  }
  const configured = directory === undefined && tool === undefined ? await configuredSet(from) : undefined
  if (configured !== undefined) return { ...configured, shadowUrl: shadow ?? configured.shadowUrl }
  const [best, second] = await findMigrations(top)
  if (best === undefined) return found(await readMigrations(top, options))
  if (second !== undefined && second.count === best.count) {
    throw new SankofaError('MIGRATIONS_SEVERAL', {
      directories: [best.directory, second.directory].map((one) => relative(from, one)),
    })
  }
  return found(await readMigrations(best.directory, { root: top, tool: best.tool, ...options }))
}

/** `undefined` where it holds none itself: it may be the folder of a project. */
async function readIfThere(directory: string, options: { readonly tool?: Tool }): Promise<MigrationSet | undefined> {
  try {
    return await readMigrations(directory, options)
  } catch (error) {
    if (isSankofaError(error) && error.code === 'MIGRATIONS_NOT_FOUND') return undefined
    throw error
  }
}

/** What the config names; a project that has no config is new to Sankofa, and is looked through. */
async function configuredSet(from: string): Promise<FoundSet | undefined> {
  if (!hasConfig(process.env, from)) return undefined
  const { config, loadMigrations } = await loadFiles()
  const set = await loadMigrations()
  return set === undefined ? undefined : { set, shadowUrl: config.migrations?.shadowUrl, configured: true }
}
