import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from 'sankofa/db'
import { expect, onTestFinished, vi } from '#harness'
import { family, type Process } from './processes.ts'

export const root = join(import.meta.dirname, '..')

export type StartedShop = {
  readonly child: ChildProcess
  readonly directory: string
  readonly marketUrl: string
  readonly consoleUrl: string
  said(): string
  /** The process below `npm start` whose command line has `part`. */
  find(part: string): Process | undefined
  databaseUrl(): string
}

/** A folder that the server's user can enter, gone after the test. */
export function temporaryFolder(): string {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sankofa-start-'))
  chmodSync(base, 0o755)
  onTestFinished(() => rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
  return base
}

/** What `npm start` runs, on ports and a folder of its own; ended after the test. */
export async function startShop(environment: Readonly<Record<string, string>> = {}): Promise<StartedShop> {
  const directory = environment.SANKOFA_DIR ?? temporaryFolder()
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
  return {
    child,
    directory,
    marketUrl: `http://127.0.0.1:${marketPort}`,
    consoleUrl: `http://127.0.0.1:${consolePort}`,
    said: () => said,
    find: (part) =>
      family(child.pid ?? -1).find((process) => process.command.includes(part) && !process.command.startsWith('sh ')),
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
