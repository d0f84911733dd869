import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { Logger } from 'pino'
import { createAlerter } from '../../alert/index.ts'
import { createConsoleServer, ensurePerson } from '../../console/index.ts'
import { type Clock, isSankofaError, systemClock } from '../../core/index.ts'
import { bootstrap } from '../../db/index.ts'
import { sealEvents } from '../../events/index.ts'
import { journalledLocal, pendingLocal } from '../../flags/index.ts'
import type { ChangeKind } from '../../journal/index.ts'
import { expireStashes } from '../../migrate/index.ts'
import { createLog, pgMeasurement, rollUp } from '../../observe/index.ts'
import { createWatcher, type Watcher } from '../../rollout/index.ts'
import { type Context, openContext } from '../context.ts'
import { repeat } from '../repeat.ts'
import { untilToldToEnd } from '../until-told-to-end.ts'

export type WatchOptions = { readonly consolePort?: number; readonly json?: boolean }

const sealEveryMs = 1_000
const rollUpEveryMs = 60 * 60_000
const retryMs = 1_000

/**
 * Runs until SIGTERM, Ctrl-C or its parent's death: watcher, alerts, seals, roll-up, and the console when asked. Prints one
 * line of JSON when it is ready, then its log, one line of JSON each.
 */
export async function watchCommand(options: WatchOptions): Promise<void> {
  const ending = new AbortController()
  const ended = untilToldToEnd(ending)
  const log = createLog({ service: 'watcher', release: 'sankofa' })
  // Who read its lines may be gone; that must not end it.
  process.stdout.on('error', () => {})
  const context = await openContext({ maximumConnections: 6 })
  try {
    await bootstrapPatiently(context, log, systemClock, ending.signal)
    if (ending.signal.aborted) return
    const { console, stop } = await startWatching(context, options, log, ending.signal)
    process.stdout.write(
      `${JSON.stringify({ ready: true, pid: process.pid, console: console?.url, tokenFile: console?.tokenFile })}\n`,
    )
    // The token is for a person at a terminal, never for a log.
    if (console !== undefined && process.stdout.isTTY)
      process.stdout.write(`console: ${console.url}/?token=${console.token}\n`)
    await ended
    await stop()
  } finally {
    await context.pool.end()
  }
}

type Watching = {
  readonly console: { readonly url: string; readonly token: string; readonly tokenFile: string } | undefined
  /** Once `ending` is aborted. */
  stop(): Promise<void>
}

/** Watcher, alerts, seals and roll-up, and the console when asked, on a database that is prepared. */
export async function startWatching(
  context: Context,
  options: WatchOptions,
  log: Logger,
  ending: AbortSignal,
): Promise<Watching> {
  const { pool, journal, directory, config } = context
  const watcher = createWatcher({
    pool,
    journal,
    kinds: Object.values(context.kinds) as readonly ChangeKind<unknown>[],
    measurement: pgMeasurement(pool),
    attempts: (config.attempts ?? []).map((attempt) => attempt.name),
    clock: systemClock,
    holder: `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`,
    log: log.child({ part: 'rollout' }),
    listenUrl: context.databaseUrl,
    localBacks: {
      pending: () => pendingLocal(directory),
      done: (change) => journalledLocal(directory, change),
    },
  })
  const alerter = createAlerter({
    pool,
    journal,
    settings: config.alert ?? {},
    attempts: config.attempts ?? [],
    service: config.service,
    clock: systemClock,
    log: log.child({ part: 'alert' }),
  })
  const console = options.consolePort === undefined ? undefined : await openConsole(context, options.consolePort, log)
  watcher.start()
  alerter.start()
  const housekeeping = [
    repeat(sealEveryMs, ending, log, 'seal', () =>
      whenLeading(watcher, () => sealEvents(pool, join(directory, 'seals.log'))),
    ),
    repeat(rollUpEveryMs, ending, log, 'roll-up', () => whenLeading(watcher, () => rollUp(pool, Date.now()))),
    repeat(rollUpEveryMs, ending, log, 'stash expiry', () => whenLeading(watcher, () => dropExpired(pool))),
  ]
  return {
    console,
    stop: async () => void (await Promise.all([console?.stop(), alerter.stop(), watcher.stop(), ...housekeeping])),
  }
}

async function openConsole(
  context: Context,
  port: number,
  log: Logger,
): Promise<{ readonly url: string; readonly token: string; readonly tokenFile: string; stop(): Promise<void> }> {
  const { pool, journal, directory, config } = context
  const server = createConsoleServer({
    pool,
    journal,
    ...config.console,
    port,
    service: config.service,
    attempts: config.attempts ?? [],
    log: log.child({ part: 'console' }),
  })
  const { url } = await server.start()
  const { token, file } = await ensurePerson(pool, { name: context.actor, directory })
  return { url, token, tokenFile: file, stop: () => server.stop() }
}

/** PostgreSQL may start after the watcher: wait for it, and say so once. */
export async function bootstrapPatiently(
  context: Context,
  log: Logger,
  clock: Clock,
  ending: AbortSignal,
): Promise<void> {
  for (let tries = 0; !ending.aborted; tries++) {
    try {
      return await bootstrap(context.pool)
    } catch (error) {
      // Waiting makes nothing of this better.
      if (isSankofaError(error)) throw error
      if (tries === 0) log.warn({ err: error }, 'PostgreSQL does not answer yet; the watcher waits for it')
      await clock.sleep(retryMs, ending)
    }
  }
}

/** What migrations kept aside is kept for its time, and no longer. */
async function dropExpired(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await expireStashes(client, new Date())
  } finally {
    client.release()
  }
}

async function whenLeading(watcher: Watcher, work: () => Promise<unknown>): Promise<void> {
  if (watcher.leading() !== undefined) await work()
}
