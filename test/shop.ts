import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from 'sankofa/db'
import { expect, onTestFinished, vi } from '#harness'
import { family, type Process, startedIn } from './processes.ts'

export const root = join(import.meta.dirname, '..')

export type StartedShop = {
  readonly child: ChildProcess
  readonly directory: string
  readonly marketUrl: string
  readonly consoleUrl: string
  said(): string
  /** All that runs of it. */
  processes(): readonly Process[]
  /** The process of it whose command line has `part`. */
  find(part: string): Process | undefined
  databaseUrl(): string
}

/** A folder that the server's user can enter, gone after the test. */
export function temporaryFolder(within = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()): string {
  const base = mkdtempSync(join(within, 'sankofa-start-'))
  chmodSync(base, 0o755)
  onTestFinished(() => rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
  return base
}

/** On the file system of the repository: elsewhere a release's packages are 600 MB of copies, here they are hard links. */
function folderBesideUs(): string {
  if (statSync(tmpdir()).dev === statSync(root).dev) return temporaryFolder(tmpdir())
  const within = join(root, '.sankofa', 'tests')
  mkdirSync(within, { recursive: true })
  return temporaryFolder(within)
}

/** What `npm start` runs, on ports and a folder of its own; ended after the test. */
export async function startShop(environment: Readonly<Record<string, string>> = {}): Promise<StartedShop> {
  const directory = environment.SANKOFA_DIR ?? folderBesideUs()
  const marketPort = environment.MARKET_PORT ?? String(await freePort())
  const consolePort = environment.CONSOLE_PORT ?? String(await freePort())
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), 'scripts/up.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DATABASE_URL: '',
      ...environment,
      MARKET_PORT: marketPort,
      CONSOLE_PORT: consolePort,
      SANKOFA_DIR: directory,
    },
  })
  let said = ''
  const listen = (chunk: Buffer): void => {
    said += chunk.toString()
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  const all = (): readonly Process[] => {
    const below = family(child.pid ?? -1)
    return [...below, ...startedIn(directory).filter(({ pid }) => !below.some((process) => process.pid === pid))]
  }
  return {
    child,
    directory,
    marketUrl: `http://127.0.0.1:${marketPort}`,
    consoleUrl: `http://127.0.0.1:${consolePort}`,
    said: () => said,
    processes: all,
    find: (part) => all().find((process) => process.command.includes(part) && !process.command.startsWith('sh ')),
    databaseUrl: () =>
      (JSON.parse(readFileSync(join(directory, 'runtime.json'), 'utf8')) as { databaseUrl: string }).databaseUrl,
  }
}

export const untilReady = (shop: StartedShop): Promise<void> =>
  vi.waitFor(
    () => {
      if (shop.child.exitCode !== null) throw new Error(`npm start ended:\n${shop.said()}`)
      expect(shop.said()).toContain('Ready in')
    },
    { timeout: 120_000, interval: 200 },
  )
