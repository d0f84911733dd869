import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isSankofaError, SankofaError } from '../core/index.ts'
import { type Config, defineConfig } from './config.ts'

const names = ['sankofa.config.ts', 'sankofa.config.mts', 'sankofa.config.mjs', 'sankofa.config.js']

/** Is there a config to load? A project without one may still have its migrations proved. */
export const hasConfig = (environment: NodeJS.ProcessEnv, from: string): boolean =>
  Boolean(environment.SANKOFA_CONFIG) || findUp(from, names) !== undefined

/**
 * Loads `SANKOFA_CONFIG`, or the nearest `sankofa.config.ts` at or above `from`; `folder` is where the file is.
 *
 * @throws SankofaError `SETTINGS_WRONG` when there is none, or it does not export `config`
 */
export async function loadConfig(
  environment: NodeJS.ProcessEnv,
  from: string,
): Promise<{ readonly config: Config; readonly folder: string }> {
  const named = environment.SANKOFA_CONFIG
  const file = named ? resolve(from, named) : findUp(from, names)
  if (file === undefined || !existsSync(file)) {
    const found = named
      ? `SANKOFA_CONFIG: found ${named}, which does not exist`
      : `no ${names[0]} in ${from} or above it`
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [
        `${found}; expected a file that exports "config = defineConfig({ service, flags, … })"; for migrations alone it is enough to write: export const config = { service: 'shop', migrations: { directory: 'migrations' } }`,
      ],
    })
  }
  const loaded = await readModule(file)
  if (loaded.config === undefined) {
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [`${file}: found no export named "config"; expected "export const config = defineConfig({ … })".`],
    })
  }
  // A plain object, without defineConfig, is read with the same care.
  return { config: defineConfig(loaded.config), folder: dirname(realpathSync(file)) }
}

async function readModule(file: string): Promise<{ readonly config?: Config }> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (cause) {
    if (isSankofaError(cause)) throw cause
    const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    throw new SankofaError('SETTINGS_WRONG', { problems: [`${file}: it cannot be loaded (${words}).`] }, { cause })
  }
}

/** `SANKOFA_DIR`, or the nearest `.sankofa` at or above `from`, or one to be made in `from`. */
export const findDirectory = (environment: NodeJS.ProcessEnv, from: string): string =>
  environment.SANKOFA_DIR
    ? resolve(from, environment.SANKOFA_DIR)
    : (findUp(from, ['.sankofa']) ?? join(from, '.sankofa'))

/** Is there one to be found? A proof of files needs none. */
export const hasDatabaseUrl = (environment: NodeJS.ProcessEnv, directory: string): boolean =>
  Boolean(environment.DATABASE_URL) || readRuntime(directory) !== undefined

/**
 * `DATABASE_URL`, or what `npm start` noted in `directory`.
 *
 * @throws SankofaError `SETTINGS_WRONG`
 */
export function findDatabaseUrl(environment: NodeJS.ProcessEnv, directory: string): string {
  const given = environment.DATABASE_URL
  if (given) return given
  const runtime = readRuntime(directory)
  if (runtime === undefined) {
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [
        `DATABASE_URL: not set, and nothing runs in ${directory}; expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, or "npm start" running.`,
      ],
    })
  }
  return runtime.databaseUrl
}

/** What runs here, as it noted it; of one that was killed the note stays, and means nothing. */
function readRuntime(directory: string): { readonly databaseUrl: string } | undefined {
  try {
    const runtime: { readonly startPid: number; readonly databaseUrl: string } = JSON.parse(
      readFileSync(join(directory, 'runtime.json'), 'utf8'),
    )
    process.kill(runtime.startPid, 0)
    return runtime
  } catch (error) {
    // It lives and belongs to somebody else, such as root.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
    return JSON.parse(readFileSync(join(directory, 'runtime.json'), 'utf8'))
  }
}

function findUp(from: string, candidates: readonly string[]): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = candidates.map((name) => join(folder, name)).find((path) => existsSync(path))
    if (found !== undefined || folder === dirname(folder)) return found
  }
}
