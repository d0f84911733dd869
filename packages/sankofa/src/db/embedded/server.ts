import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chownSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { SankofaError } from '../../core/index.ts'
import { type Binaries, findBinaries, openFolder, type RunAs, reachableFolder, runAs } from './binaries.ts'
import { endOrphan } from './orphan.ts'
import { freePort } from './port.ts'

export type EmbeddedServer = {
  /** As superuser; `database` is `postgres` unless told. */
  url(database?: string): string
  readonly port: number
  readonly pid: number
  readonly version: string
  /** Where the data really are. */
  readonly directory: string
  /** Resolves when the server has ended, whoever ended it. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

const guard = fileURLToPath(new URL('../guard.sh', import.meta.url))
const needsMegabytes = 300

/**
 * Starts PostgreSQL from npm on `directory`, creating it when it is empty. For trial, development and proofs.
 * The server ends with this process, even by kill -9.
 *
 * @param options.durable - false: no fsync; only for data that may be lost, such as a scratch server's
 * @throws SankofaError `EMBEDDED_REFUSED`: not installed, another major version's data, disk full, port taken, in production
 */
export async function startEmbedded(options: {
  readonly directory: string
  readonly port?: number
  readonly durable?: boolean
  readonly maximumConnections?: number
  /** A folder that goes when the server has ended, also when this process was killed. */
  readonly removes?: string
}): Promise<EmbeddedServer> {
  refuseProduction()
  const user = runAs()
  const binaries = findBinaries(user)
  const directory = reachableFolder(options.directory, user)
  openFolder(dirname(directory))
  refuseFullDisk(dirname(directory))
  await endOrphan(directory)
  if (existsSync(join(directory, 'PG_VERSION'))) refuseOtherVersion(directory, binaries.version)
  else await initialise(directory, binaries, user)

  const port = options.port ?? (await freePort())
  const password = readFileSync(`${directory}.password`, 'utf8')
  const url = (database = 'postgres'): string => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
  const logFile = `${directory}.log`
  const child = launch({ binaries, directory, port, user, logFile, options })
  const ended = once(child, 'exit').then(() => {})
  await untilReady(child, url(), logFile, port)
  const pid = Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0])
  return {
    url,
    port,
    pid,
    version: binaries.version,
    directory,
    ended,
    async stop() {
      // The guard sees its pipe close and asks the server for a fast shutdown.
      child.stdin?.end()
      await ended
    },
  }
}

/** A throw-away server with one empty database, gone afterwards: proofs and checks that must touch nothing live. */
export async function withScratchServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sankofa-scratch-'))
  try {
    // mkdtemp closes the folder to others, and the server may run as another user.
    const user = runAs()
    if (user !== undefined) chownSync(base, user.uid, user.gid)
    const server = await startEmbedded({ directory: join(base, 'pg'), durable: false, removes: base })
    try {
      return await use(server.url())
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

function refuseProduction(): void {
  if (process.env.NODE_ENV !== 'production' || process.env.SANKOFA_EMBEDDED_IN_PRODUCTION === 'yes') return
  throw new SankofaError('EMBEDDED_REFUSED', {
    reason:
      'The embedded PostgreSQL is for trial and development, and NODE_ENV is "production". Set DATABASE_URL to your server, or SANKOFA_EMBEDDED_IN_PRODUCTION=yes if you mean it.',
  })
}

function refuseFullDisk(folder: string): void {
  const disk = statfsSync(folder)
  const freeMegabytes = Math.floor((disk.bavail * disk.bsize) / 1_000_000)
  if (freeMegabytes >= needsMegabytes) return
  throw new SankofaError('EMBEDDED_REFUSED', {
    reason: `Only ${freeMegabytes} MB are free on the disk of ${folder}, and PostgreSQL needs ${needsMegabytes} MB. Free some space, or set SANKOFA_DIR to a folder on another disk.`,
  })
}

function refuseOtherVersion(directory: string, version: string): void {
  const found = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim()
  const major = version.split('.')[0]
  if (found === major) return
  throw new SankofaError('EMBEDDED_REFUSED', {
    reason: `The data in ${directory} belong to PostgreSQL ${found}, and this is PostgreSQL ${version}. Move that folder away to begin anew, set SANKOFA_DIR to another folder, or run a server ${found} yourself and set DATABASE_URL.`,
  })
}

async function initialise(directory: string, binaries: Binaries, user: RunAs): Promise<void> {
  // Made aside and renamed: a kill in the middle leaves no half-made directory behind.
  const fresh = `${directory}.new`
  rmSync(fresh, { recursive: true, force: true })
  const password = randomBytes(18).toString('base64url')
  const passwordFile = `${directory}.password`
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user !== undefined) {
    chownSync(passwordFile, user.uid, user.gid)
    openFolder(fresh)
    chownSync(fresh, user.uid, user.gid)
  }
  const args = [
    '-D',
    fresh,
    '-U',
    'postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  try {
    await promisify(execFile)(binaries.initdb, args, { cwd: '/', env: { ...serverEnvironment(), TZ: 'UTC' }, ...user })
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true })
    const said = String((cause as { stderr?: string }).stderr ?? cause)
      .trim()
      .split('\n')
      .at(-1)
    throw new SankofaError(
      'EMBEDDED_REFUSED',
      { reason: `PostgreSQL could not create its data in ${directory}: ${said}` },
      { cause },
    )
  }
  renameSync(fresh, directory)
}

function launch(given: {
  readonly binaries: Binaries
  readonly directory: string
  readonly port: number
  readonly user: RunAs
  readonly logFile: string
  readonly options: { readonly durable?: boolean; readonly maximumConnections?: number; readonly removes?: string }
}): ChildProcess {
  const settings = [
    `port=${given.port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${given.options.maximumConnections ?? 100}`,
    'timezone=UTC',
    'log_timezone=UTC',
    ...(given.options.durable === false
      ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off']
      : []),
  ]
  const log = openSync(given.logFile, 'w', 0o600)
  try {
    return spawn(
      'sh',
      [guard, given.binaries.postgres, '-D', given.directory, ...settings.flatMap((line) => ['-c', line])],
      {
        stdio: ['pipe', log, log],
        cwd: '/',
        env: { ...serverEnvironment(), SANKOFA_SCRATCH: given.options.removes ?? '' },
        // Its own group: Ctrl-C in the terminal must reach the server through us, after the services have closed.
        detached: true,
        ...given.user,
      },
    )
  } finally {
    closeSync(log)
  }
}

/** SQL that runs programs, or a function that reads its environment, finds no DATABASE_URL and no token there. */
const serverEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(PATH|LANG|LC_\w+|TZ|TMPDIR|LD_\w+|DYLD_\w+)$/.test(name)),
  )

async function untilReady(child: ChildProcess, url: string, logFile: string, port: number): Promise<void> {
  const deadline = Date.now() + 60_000
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await client.end().catch(() => {})
      await delay(25)
    }
  }
  child.stdin?.end()
  const log = readFileSync(logFile, 'utf8')
  const fatal = log.split('\n').findLast((line) => /FATAL|PANIC|could not/.test(line)) ?? 'it wrote no reason'
  const reason = /Address already in use|could not bind/.test(log)
    ? `Port ${port} is taken by another program. Stop it, or choose another port.`
    : `PostgreSQL did not start: ${fatal.replace(/^.*?(FATAL|PANIC|ERROR|LOG):\s*/, '')}. Its log is ${logFile}.`
  throw new SankofaError('EMBEDDED_REFUSED', { reason })
}
