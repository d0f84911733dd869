import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isSankofaError, SankofaError } from 'sankofa/core'
import { bootstrap, createPool, isPortFree } from 'sankofa/db'
import { type Database, openDatabase } from './up/database.ts'
import { endLeftBehind } from './up/left-behind.ts'
import { openLogFile } from './up/log-file.ts'
import { type Placed, untilOpen } from './up/market-release.ts'
import { runProgram } from './up/run-program.ts'
import { releaseDirectory, takeDirectory, writeRuntime } from './up/runtime-file.ts'
import { readSettings, type Settings } from './up/settings.ts'
import { type Supervised, supervise } from './up/supervisor.ts'
import { welcome } from './up/welcome.ts'

/**
 * `npm start`: PostgreSQL, the market as a release behind the gateway, the watcher with the console, and simulated customers,
 * until Ctrl-C. Exit code 2 with one sentence when it cannot be done.
 */
const root = join(import.meta.dirname, '..')
const startedMs = performance.now()
const running: Supervised[] = []
let customers: Supervised | undefined
let database: Database | undefined
let directory: string | undefined
let stopping: Promise<void> | undefined

/** Where `sankofa host` keeps what it runs. */
const hostRoot = (directory: string): string => join(directory, 'host')
/** Customers are gone by then; the market has time for what is left, and all of it ends within 10 s. */
const hostStopsWithinMs = 6_000

const say = (text: string): void => console.log(text)
const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const fromMs = performance.now()
  process.stdout.write(`  ${name} … `)
  const result = await work()
  say(`${((performance.now() - fromMs) / 1000).toFixed(1)} s`)
  return result
}

function stopAll(): Promise<void> {
  stopping ??= (async () => {
    // Customers first, so that nobody sees the shop close; the database last.
    await customers?.stop()
    await Promise.all(running.map((program) => program.stop()))
    if (directory !== undefined) await endLeftBehind(hostRoot(directory))
    await database?.stop()
    if (directory !== undefined) releaseDirectory(directory)
  })()
  return stopping
}

async function end(code: number): Promise<never> {
  await stopAll()
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping === undefined) say('\nStopping …')
    void end(0)
  })
}
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) void end(0)
}, 500).unref()

const stillOut = ({ made, current, next }: Placed): string =>
  `  ! A change from ${current} to ${next} is out since an earlier start, so both run on and the folder's own release\n    ${made} waits. Take it back ("npx sankofa back release-${next}"), or see it settle, and start again.`

async function waitForPort(name: string, port: number): Promise<void> {
  // What a killed start left behind notices within a second and frees its port.
  for (let tries = 0; tries < 20; tries++) {
    if (await isPortFree(port)) return
    await delay(250)
  }
  throw new SankofaError('SETTINGS_WRONG', {
    problems: [
      `${name}: port ${port} is taken by another program. Stop that program, or choose another port: ${name}=${port + 10} npm start.`,
    ],
  })
}

async function start(settings: Settings): Promise<void> {
  await mkdir(settings.directory, { recursive: true })
  const other = takeDirectory(settings.directory)
  if (other !== undefined) {
    throw new SankofaError('SETTINGS_WRONG', {
      problems: [
        `SANKOFA_DIR: ${settings.directory} is in use by another "npm start" (process ${other}). Stop it, or set SANKOFA_DIR to another folder.`,
      ],
    })
  }
  directory = settings.directory
  await endLeftBehind(hostRoot(directory))
  await waitForPort('MARKET_PORT', settings.marketPort)
  await waitForPort('CONSOLE_PORT', settings.consolePort)

  const trouble = (sentence: string): void => {
    if (stopping === undefined) say(`! ${sentence}`)
  }
  const launch = (name: string, args: readonly string[], stopWithinMs?: number): Supervised => {
    const log = openLogFile(join(settings.directory, 'logs', `${name}.log`))
    const program = supervise(
      { name, args, environment, log, ...(stopWithinMs === undefined ? {} : { stopWithinMs }) },
      (sentence, givenUp) => {
        trouble(sentence)
        if (givenUp) void end(1)
      },
    )
    running.push(program)
    return program
  }

  say('Sankofa is starting:')
  const opened = await step('PostgreSQL', () => openDatabase(settings, trouble))
  database = opened
  await step('its own tables', async () => {
    const pool = createPool({ url: opened.url, max: 1, applicationName: 'sankofa-start' })
    try {
      await bootstrap(pool)
    } finally {
      await pool.end()
    }
  })
  const environment = {
    DATABASE_URL: opened.url,
    SANKOFA_DIR: settings.directory,
    SANKOFA_CONFIG: join(root, 'sankofa.config.ts'),
    MARKET_PORT: String(settings.marketPort),
    CONSOLE_PORT: String(settings.consolePort),
  }
  const marketUrl = `http://127.0.0.1:${settings.marketPort}`
  const consoleUrl = `http://127.0.0.1:${settings.consolePort}`
  const cli = join(root, 'packages/sankofa/src/cli/main.ts')

  await step('the console', () =>
    runProgram('the console could not be built', join(root, 'packages/console/build.ts'), { root }),
  )
  await step('the database of the market: migrations, seed', () =>
    runProgram('the database could not be prepared', join(root, 'apps/market/src/prepare-database.ts'), {
      root,
      environment,
    }),
  )
  const placed = await step('a release of this folder', async () => {
    const program = join(root, 'scripts/place-release.ts')
    return JSON.parse(await runProgram('no release could be made', program, { root, environment })) as Placed
  })
  if (placed.current !== placed.made) say(stillOut(placed))
  const sinceMs = Date.now()
  const host = launch('host', [cli, 'host', '--port', String(settings.marketPort), '--no-watch'], hostStopsWithinMs)
  const watcher = launch('watcher', [cli, 'watch', '--console-port', String(settings.consolePort)])
  await step('the gateway and the market behind it', async () => {
    await host.ready
    await untilOpen({ databaseUrl: opened.url, placed, sinceMs })
  })
  const { tokenFile } = await step('the watcher', () => watcher.ready)
  const token = readFileSync(String(tokenFile), 'utf8').trim()
  if (settings.customers) {
    const shoppers = launch('customers', [join(root, 'apps/market/src/customers/main.ts')])
    customers = shoppers
    await step('2,000 simulated customers', () => shoppers.ready)
  }

  writeRuntime(settings.directory, { startPid: process.pid, databaseUrl: opened.url, marketUrl, consoleUrl })
  say(
    welcome({
      seconds: (performance.now() - startedMs) / 1000,
      database: opened.description,
      marketUrl,
      consoleLink: `${consoleUrl}/?token=${token}`,
      release: placed.current,
      watcherPid: watcher.pid(),
      customers: settings.customers,
      logs: join(settings.directory, 'logs'),
    }),
  )
}

try {
  await start(readSettings(process.env, root))
} catch (error) {
  say('')
  console.error(
    isSankofaError(error)
      ? error.message
      : error instanceof Error
        ? `It could not be started: ${error.message}`
        : String(error),
  )
  await end(2)
}
