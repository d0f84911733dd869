import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import type pg from 'pg'
import { SankofaError } from '../core/index.ts'
import { bootstrap, createPool, refuseTakenSchema } from '../db/index.ts'
import { type FlagPlan, flagKind, type TunablePlan, tunableKind } from '../flags/index.ts'
import { type ChangeKind, type Journal, openJournal } from '../journal/index.ts'
import {
  type MigrationPlan,
  type MigrationSet,
  migrationKind,
  readMigrations,
  whatCannotRun,
} from '../migrate/index.ts'
import { type ReleasePlan, releaseKind } from '../release/index.ts'
import type { Config, MigrationSettings } from './config.ts'
import { findDatabaseUrl, findDirectory, loadConfig } from './find-config.ts'

/** What a command works with. */
export type Context = {
  readonly config: Config
  readonly directory: string
  readonly databaseUrl: string
  readonly pool: pg.Pool
  readonly journal: Journal
  readonly kinds: {
    readonly flag: ChangeKind<FlagPlan>
    readonly tunable: ChangeKind<TunablePlan>
    readonly migration: ChangeKind<MigrationPlan>
    readonly release: ChangeKind<ReleasePlan>
  }
  /** What the config's folder holds now; `undefined` where it names none. */
  loadMigrations(): Promise<MigrationSet | undefined>
  /** Who asks: `SANKOFA_ACTOR`, else the user of this machine. */
  readonly actor: string
}

export const actorName = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.SANKOFA_ACTOR || safeUserName()

function safeUserName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's user may have no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** Opens a context, checks that PostgreSQL answers, runs `work`, and closes it. `prepare` makes the schema where it is missing. */
export async function withContext<T>(
  work: (context: Context) => Promise<T>,
  options: { readonly onNewDatabase?: 'refuse' | 'prepare' } = {},
): Promise<T> {
  const context = await openContext({ maximumConnections: 4 })
  try {
    if (!(await isPrepared(context))) {
      await refuseTakenSchema(context.pool)
      if (options.onNewDatabase !== 'prepare') throw notPrepared(context)
      await bootstrap(context.pool)
    }
    return await work(context)
  } finally {
    await context.pool.end()
  }
}

export async function openContext(options: { readonly maximumConnections: number }): Promise<Context> {
  const from = process.env.INIT_CWD ?? process.cwd()
  const directory = findDirectory(process.env, from)
  const databaseUrl = findDatabaseUrl(process.env, directory)
  const { config, folder } = await loadConfig(process.env, from)
  const pool = createPool({ url: databaseUrl, max: options.maximumConnections, applicationName: 'sankofa' })
  const journal = openJournal(pool)
  const { migrations } = config
  const loadMigrations = async (): Promise<MigrationSet | undefined> =>
    migrations === undefined ? undefined : readConfigured(migrations, folder)
  return {
    config,
    directory,
    databaseUrl,
    pool,
    journal,
    kinds: {
      flag: flagKind({ pool, journal, flags: config.flags ?? [] }),
      tunable: tunableKind({ pool, journal, tunables: config.tunables ?? [] }),
      migration: migrationKind({
        pool,
        journal,
        load: loadMigrations,
        ...(migrations?.shadowUrl === undefined ? {} : { shadowUrl: migrations.shadowUrl }),
        stashBudgetBytes: stashBudgetBytes(config),
      }),
      release: releaseKind({ pool, journal, cannotRun: (release) => whatCannotRun(pool, release, Date.now()) }),
    },
    loadMigrations,
    actor: actorName(),
  }
}

/** For what needs only the files. */
export async function loadFiles(): Promise<Pick<Context, 'config' | 'loadMigrations'>> {
  const { config, folder } = await loadConfig(process.env, process.env.INIT_CWD ?? process.cwd())
  const { migrations } = config
  return {
    config,
    loadMigrations: async () => (migrations === undefined ? undefined : readConfigured(migrations, folder)),
  }
}

/** What one migration may keep aside. */
export const stashBudgetBytes = (config: Config): number => (config.migrations?.stashMegabytes ?? 1_000) * 1_000_000

const readConfigured = ({ directory, tool, loader, load }: MigrationSettings, folder: string): Promise<MigrationSet> =>
  load?.() ??
  readMigrations(resolve(folder, directory), {
    root: folder,
    ...(tool === undefined ? {} : { tool }),
    ...(loader === undefined ? {} : { loader: resolve(folder, loader) }),
  })

/** @throws SankofaError `DATABASE_UNREACHABLE`, which says that `back --local` works without it */
async function isPrepared(context: Context): Promise<boolean> {
  try {
    const found = await context.pool.query<{ there: boolean }>(
      `select to_regclass('sankofa.journal') is not null and to_regclass('sankofa.schema_step') is not null as there`,
    )
    return found.rows[0]?.there === true
  } catch (cause) {
    const reason =
      cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause)
    throw new SankofaError('DATABASE_UNREACHABLE', { where: new URL(context.databaseUrl).host, reason }, { cause })
  }
}

const notPrepared = (context: Context): SankofaError =>
  new SankofaError('SETTINGS_WRONG', {
    problems: [
      `DATABASE_URL: found a database without the schema "sankofa" at ${new URL(context.databaseUrl).host}; start "sankofa watch" once, which creates it.`,
    ],
  })
