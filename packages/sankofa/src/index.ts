import type pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, currentRelease, type ReleaseId, SankofaError, systemClock } from './core/index.ts'
import { bootstrap, createPool } from './db/index.ts'
import { createEventWriter, type EventWriter } from './events/index.ts'
import { createFlagClient, type Flag, type FlagClient, type Tunable } from './flags/index.ts'
import {
  type Attributes,
  createLog,
  createObserver,
  type Limits,
  type Observer,
  observePool,
  requestContext,
} from './observe/index.ts'

export { defineConfig } from './cli/config.ts'
export { startSettings } from './cli/release-settings.ts'
export { defineFlag, defineTunable, type Flag, type Tunable } from './flags/index.ts'
export { observeClient, observePool, type RequestContext, requestContext } from './observe/index.ts'
export { type DrainOptions, drain } from './release/index.ts'

export type SankofaOptions = {
  /** Names the service in measurements and messages. */
  readonly service: string
  readonly databaseUrl: string
  /** Where the last known flags are kept, such as `.sankofa`. */
  readonly directory: string
  /** Keys the hashes of subjects and signs their cookie: the same in every process of the service, 32 characters or more. */
  readonly secret: string
  readonly flags?: readonly Flag[]
  readonly tunables?: readonly Tunable[]
  /** What runs; else `SANKOFA_RELEASE`, else the git commit. */
  readonly release?: string
  /** Standard output unless told. */
  readonly log?: Logger
  readonly logRequests?: boolean
  /** Records which statements observed pools send, without values, so that migrations are proved against them; true unless told. */
  readonly recordStatements?: boolean
  readonly clock?: Clock
  readonly limits?: Partial<Limits>
}

/** Who a flag is asked for; the subject of the request that runs now unless told. */
export type Who = { readonly subject?: string; readonly attributes?: Attributes }

export type Sankofa = {
  readonly service: string
  readonly release: ReleaseId
  readonly log: Logger
  readonly observer: Observer
  readonly flagClient: FlagClient
  readonly events: EventWriter
  /** @internal Signs the cookie of visitors without an account. */
  readonly secret: string
  /** Begins to measure and to follow flags. Resolves with PostgreSQL away too: the service then runs on what is known. */
  start(): Promise<void>
  /** Writes the last window and lets go of PostgreSQL. Close pools of {@link Sankofa.pool} yourself, after it. */
  stop(): Promise<void>
  isOn(flag: Flag | string, who?: Who): boolean
  value<T>(tunable: Tunable<T>): T
  /** A pool on the service's database whose waiting is counted to the request that waits. */
  pool(options?: { readonly max?: number; readonly url?: string }): pg.Pool
}

/** A service does not wait longer than this for Sankofa's tables. */
const startWithinMs = 3_000

/** One service under Sankofa: flags, measurements and events, with one connection of their own to PostgreSQL. */
export function sankofa(options: SankofaOptions): Sankofa {
  const { service, databaseUrl, directory, secret, flags = [], tunables = [] } = options
  refuseWrong(options)
  const release = (options.release ?? currentRelease(process.cwd())) as ReleaseId
  const log = options.log ?? createLog({ service, release })
  const clock = options.clock === undefined ? {} : { clock: options.clock }
  const ownPool = createPool({ url: databaseUrl, max: 1, applicationName: `sankofa-${service}` })
  const flagClient = createFlagClient({ flags, tunables, url: databaseUrl, directory, secret, log, ...clock })
  const observer = createObserver({
    pool: ownPool,
    service,
    release,
    subjectKey: flagClient.subjectKey,
    exposures(subject, attributes, drawnFor) {
      const found = flagClient.exposures(subject, attributes)
      const drawn = drawnFor === undefined ? undefined : flagClient.releaseExposure(service, drawnFor)
      return drawn === undefined ? found : [...found, drawn]
    },
    watches: flagClient.watches,
    log,
    directory,
    ...clock,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.logRequests === undefined ? {} : { logRequests: options.logRequests }),
    ...(options.recordStatements === undefined ? {} : { recordStatements: options.recordStatements }),
  })
  const events = createEventWriter({
    subjectKey: flagClient.subjectKey,
    release,
    context() {
      const context = requestContext()
      if (context === undefined) return undefined
      const exposedTo = context.exposures.filter((exposure) => exposure.exposed).map((exposure) => exposure.change)
      return { requestId: context.requestId, exposedTo }
    },
  })
  return {
    service,
    release,
    log,
    observer,
    flagClient,
    events,
    secret,
    async start() {
      // Without its tables Sankofa measures into memory and says so; the service must not wait for it.
      const prepared = bootstrap(ownPool).catch((error: unknown) => {
        log.warn({ err: error }, 'the schema "sankofa" could not be prepared; measurements wait in memory')
      })
      observer.start()
      await flagClient.start()
      const patience = new AbortController()
      await Promise.race([prepared, systemClock.sleep(startWithinMs, patience.signal)])
      patience.abort()
    },
    async stop() {
      await observer.stop()
      await flagClient.stop()
      await ownPool.end()
    },
    isOn(flag, who) {
      const context = requestContext()
      const subject = who?.subject ?? context?.subject
      return flagClient.isOn(flag, { subject, attributes: who?.attributes ?? context?.attributes ?? {} })
    },
    value: (tunable) => flagClient.value(tunable),
    pool: (poolOptions) =>
      observePool(
        createPool({ url: poolOptions?.url ?? databaseUrl, max: poolOptions?.max ?? 10, applicationName: service }),
      ),
  }
}

/** Without types it would start, answer, and know nobody: no change could ever be judged. */
function refuseWrong({ secret, directory }: { readonly [name in keyof SankofaOptions]?: unknown }): void {
  const isText = typeof secret === 'string'
  const problems = [
    ...(isText && secret.length >= 32
      ? []
      : [
          `secret: found ${isText ? `${secret.length} characters` : typeof secret}, expected 32 or more, the same in every process and on every gateway; \`await findSecret(directory)\` of 'sankofa/core' gives it.`,
        ]),
    ...(typeof directory === 'string' && directory !== ''
      ? []
      : [
          `directory: found ${typeof directory}, expected a folder such as '.sankofa'; a host gives it as SANKOFA_DIR.`,
        ]),
  ]
  if (problems.length > 0) throw new SankofaError('SETTINGS_WRONG', { problems })
}
