import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { findSecret, SankofaError, systemClock } from '../../core/index.ts'
import { type KeptDatabase, openKeptDatabase } from '../../db/index.ts'
import { createFlagClient } from '../../flags/index.ts'
import { createLog } from '../../observe/index.ts'
import {
  createGatewayProcess,
  createKeeper,
  gatewayClient,
  layoutOf,
  openListeningSocket,
  systemdSocket,
  type Upstream,
} from '../../release/index.ts'
import { type Context, openContext } from '../context.ts'
import { findDirectory, hasDatabaseUrl } from '../find-config.ts'
import { createReport } from '../host/report.ts'
import { createTidying } from '../host/tidy.ts'
import { followWanted } from '../host/wanted.ts'
import { repeat } from '../repeat.ts'
import { untilToldToEnd } from '../until-told-to-end.ts'
import { routesFile } from './gateway.ts'
import { bootstrapPatiently, startWatching } from './watch.ts'

export type HostOptions = {
  /** By which other hosts of the service and people know this one; the machine's name unless told. */
  readonly name?: string
  readonly port: number
  readonly address: string
  readonly keepRunning?: boolean
  readonly watch: boolean
  readonly consolePort?: number
}

const reportEveryMs = 1_000
const tidyEveryMs = 5_000

/**
 * Runs until SIGTERM, Ctrl-C or its parent's death: keeps the releases of this host as PostgreSQL says, with the gateway in
 * front of them, and watches the changes beside it. Without DATABASE_URL it brings PostgreSQL along. Prints one line of JSON
 * when the gateway answers, then its log.
 */
export async function hostCommand(options: HostOptions): Promise<void> {
  const ending = new AbortController()
  const ended = untilToldToEnd(ending)
  const log = createLog({ service: 'host', release: 'sankofa' })
  // Who read its lines may be gone; that must not end it.
  process.stdout.on('error', () => {})
  const directory = findDirectory(process.env, process.env.INIT_CWD ?? process.cwd())
  const database = hasDatabaseUrl(process.env, directory) ? undefined : await openOwnDatabase(directory, log)
  try {
    await keepHost(options, log, ending, ended)
  } finally {
    if (database !== undefined) {
      await rm(runtimeFile(directory), { force: true })
      await database.stop()
    }
  }
}

async function keepHost(
  options: HostOptions,
  log: Logger,
  ending: AbortController,
  ended: Promise<void>,
): Promise<void> {
  const context = await openContext({ maximumConnections: options.watch ? 8 : 3 })
  const { config, directory, pool, databaseUrl } = context
  const { service } = config
  if (config.release === undefined) {
    await pool.end()
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [
        "release: not set in sankofa.config.ts; expected how the service is started, such as release: { start: ['node', 'server.ts'] }.",
      ],
    })
  }
  const layout = layoutOf(join(directory, 'host'))
  const secret = await findSecret(directory)
  const flagClient = createFlagClient({ flags: [], tunables: [], url: databaseUrl, directory, secret, log })
  const gateway = gatewayClient(layout.gatewaySocket)
  let told: readonly Upstream[] = []
  /** What the gateway has taken: before, a release that is up gets no request. */
  let taken: readonly Upstream[] = []
  let tellNews = (): void => {}
  /** It is told what there is as soon as it is. */
  let isGatewayThere = false

  const keeper = createKeeper({
    layout,
    environment: { DATABASE_URL: databaseUrl, SANKOFA_DIR: directory },
    async inFlight(release) {
      const known = await gateway.status().catch(() => undefined)
      // At the end the gateway has gone before, with the last of its requests.
      if (known === undefined && ending.signal.aborted && options.keepRunning !== true) return 0
      const traffic = known?.releases.find((one) => one.release === release)
      return known === undefined ? undefined : (traffic?.inFlight ?? 0) + (traffic?.upgraded ?? 0)
    },
    async onUpstreams(upstreams) {
      told = upstreams
      // At the end the gateway goes first: nobody is left to be told.
      if (ending.signal.aborted && options.keepRunning !== true) return
      if (!isGatewayThere) return
      await gateway.setUpstreams(upstreams)
      taken = upstreams
      tellNews()
    },
    log: log.child({ part: 'keeper' }),
  })
  const { address, port } = options
  const gatewayProcess = createGatewayProcess({
    layout,
    socket: (beside) => systemdSocket() ?? openListeningSocket({ host: address, port, beside }),
    command: ({ socketPath }) => ({
      command: [...thisProgram(), 'gateway', '--root', layout.root, '--socket', socketPath, '--fd', '3'],
      environment: gatewayEnvironment(context),
    }),
    log: log.child({ part: 'gateway' }),
  })

  const tellAgain = async (): Promise<void> => {
    const upstreams = told
    try {
      await gateway.setUpstreams(upstreams)
      if (told === upstreams) taken = upstreams
      tellNews()
    } catch (error) {
      log.warn({ err: error }, 'the gateway was not told which releases there are; it is told when that changes')
    }
  }

  try {
    await bootstrapPatiently(context, log, systemClock, ending.signal)
    if (ending.signal.aborted) return
    await flagClient.start()
    await keeper.start()
    // What the gateway of an earlier run was told is about processes that are gone.
    if (keeper.reports().length === 0) await rm(join(layout.root, routesFile), { force: true })
    await gatewayProcess.start()
    isGatewayThere = true
    const stopTelling = gatewayProcess.onChange(() => {
      // A gateway that has just started knows what the one before was told; this is for what changed meanwhile.
      if (gatewayProcess.report().state === 'ready') void tellAgain()
    })
    await tellAgain()
    const host = options.name ?? hostname()
    const wanted = followWanted({ pool, service, host, flagClient, url: databaseUrl, log, onWanted: keeper.want })
    await wanted.start()
    const isReached = (release: string, origin: string): boolean =>
      taken.some((upstream) => upstream.release === release && upstream.origin === origin)
    const report = createReport({ pool, service, host, secret, keeper, gateway, gatewayProcess, isReached })
    const tidy = createTidying({ layout, flagClient, service, keeper, keep: config.release.keep ?? 5 })
    const loops = [
      repeat(reportEveryMs, ending.signal, log, 'the report of this host', report),
      repeat(tidyEveryMs, ending.signal, log, 'tidying', tidy),
    ]
    tellNews = () => void report().catch(() => {})
    const stopReporting = keeper.onChange(tellNews)
    const watching = options.watch ? await startWatching(context, options, log, ending.signal) : undefined
    process.stdout.write(
      `${JSON.stringify({ ready: true, pid: process.pid, url: `http://${address}:${port}`, console: watching?.console?.url, tokenFile: watching?.console?.tokenFile })}\n`,
    )
    await ended
    stopTelling()
    stopReporting()
    await Promise.all([wanted.stop(), watching?.stop(), ...loops])
  } finally {
    const what = options.keepRunning === true ? 'leave' : 'stop'
    await gatewayProcess.stop(what)
    await keeper.stop(what)
    await flagClient.stop()
    await pool.end()
  }
}

/** This very program, as it was started. */
const thisProgram = (): readonly string[] => [process.execPath, ...process.execArgv, process.argv[1] ?? '']

/** What the gateway must find as this process found it; it does not follow this process to its end. */
function gatewayEnvironment({ databaseUrl, directory }: Context): Readonly<Record<string, string>> {
  const { SANKOFA_CONFIG, INIT_CWD, SANKOFA_SECRET } = process.env
  return {
    DATABASE_URL: databaseUrl,
    SANKOFA_DIR: directory,
    INIT_CWD: INIT_CWD ?? process.cwd(),
    ...(SANKOFA_CONFIG === undefined ? {} : { SANKOFA_CONFIG }),
    ...(SANKOFA_SECRET === undefined ? {} : { SANKOFA_SECRET }),
  }
}

const runtimeFile = (directory: string): string => join(directory, 'runtime.json')

/** Noted where every other command looks for it. */
async function openOwnDatabase(directory: string, log: Logger): Promise<KeptDatabase> {
  await mkdir(directory, { recursive: true })
  const database = await openKeptDatabase({ directory, name: 'service', onTrouble: (sentence) => log.warn(sentence) })
  const file = runtimeFile(directory)
  await writeFile(`${file}.new`, JSON.stringify({ startPid: process.pid, databaseUrl: database.url }), { mode: 0o600 })
  await rename(`${file}.new`, file)
  log.info(database.description)
  return database
}
