import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { createPool, freePort } from 'sankofa/db'

const root = join(import.meta.dirname, '..', '..')

export type Shop = {
  readonly pool: pg.Pool
  readonly databaseUrl: string
  readonly marketUrl: string
  stop(): Promise<void>
}

/** Starts everything that `npm start` starts, on its own data, ports and processes, and waits until it is ready. */
export async function openShop(options: { readonly faults: 'on' | 'off'; log(line: string): void }): Promise<Shop> {
  const directory = mkdtempSync(join(tmpdir(), 'sankofa-loop-'))
  chmodSync(directory, 0o755)
  const child = spawn(
    process.execPath,
    ['--conditions=sankofa-source', '--disable-warning=ExperimentalWarning', join(root, 'scripts/up.ts')],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        SANKOFA_DIR: directory,
        MARKET_PORT: String(await freePort()),
        CONSOLE_PORT: String(await freePort()),
        MARKET_FAULTS: options.faults,
        DATABASE_URL: '',
      },
    },
  )
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    while (!said.includes('Ready in')) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The shop did not start:\n${said}`)
      await delay(200)
    }
    const runtime = JSON.parse(readFileSync(join(directory, 'runtime.json'), 'utf8')) as {
      databaseUrl: string
      marketUrl: string
    }
    const pool = createPool({ url: runtime.databaseUrl, max: 2, applicationName: 'bench-loop' })
    options.log(`shop ready, faults ${options.faults}: ${runtime.marketUrl}`)
    return {
      pool,
      ...runtime,
      async stop() {
        await pool.end()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
