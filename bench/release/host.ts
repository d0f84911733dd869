import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { type ChangeId, changeId, type ReleaseId, systemClock } from 'sankofa/core'
import { bootstrap, createPool, freePort } from 'sankofa/db'
import { type ChangeState, foldChange, type Journal, openJournal, propose } from 'sankofa/journal'
import {
  layoutOf,
  type Manifest,
  makeRelease,
  placeCurrent,
  type ReleasePlan,
  registerRelease,
  waitUntilReady,
} from 'sankofa/release'

export const service = 'bench'

/** A host with its gateway, its watcher and releases of a tiny service, each a process of its own. */
export type BenchHost = {
  readonly directory: string
  readonly port: number
  readonly pool: pg.Pool
  readonly journal: Journal
  process(): ChildProcess
  /** In which every command of it runs. */
  readonly environment: NodeJS.ProcessEnv
  /** Makes a release of the service; another text, another release. */
  make(text: string): Promise<Manifest>
  /** Proposes it to follow what runs. */
  propose(next: Manifest, before: Manifest): Promise<ChangeId>
  state(change: ChangeId): Promise<ChangeState | undefined>
  until(change: ChangeId, what: (state: ChangeState) => boolean, withinMs?: number): Promise<ChangeState>
  /** Starts `sankofa host` again after it was killed. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const main = new URL(import.meta.resolve('sankofa')).pathname.replace(/index\.[tj]s$/, 'cli/main.ts')
/** `sankofa`, as arguments of Node. */
export const commandLine = ['--conditions=sankofa-source', '--disable-warning=ExperimentalWarning', main] as const
const start = {
  command: ['node', 'service.ts'],
  environment: {},
  health: '/',
  smoke: [],
  readyWithinMs: 20_000,
  stopWithinMs: 3_000,
}

export async function openHost(databaseUrl: string): Promise<BenchHost> {
  const directory = await mkdtemp(join(tmpdir(), 'sk-'))
  const config = join(directory, 'sankofa.config.mjs')
  const settings = { service, release: { start: start.command, health: start.health } }
  await writeFile(config, `export const config = ${JSON.stringify(settings)}\n`)
  const pool = createPool({ url: databaseUrl, max: 4, applicationName: 'bench-release' })
  await bootstrap(pool)
  const journal = openJournal(pool)
  const port = await freePort()
  const layout = layoutOf(join(directory, 'host'))
  const environment = { ...process.env, DATABASE_URL: databaseUrl, SANKOFA_DIR: directory, SANKOFA_CONFIG: config }
  let host: ChildProcess

  const make = async (text: string): Promise<Manifest> => {
    const source = join(directory, 'source')
    await rm(source, { recursive: true, force: true })
    await mkdir(source)
    await copyFile(new URL('service.ts', import.meta.url), join(source, 'service.ts'))
    await writeFile(join(source, 'package.json'), '{ "type": "module", "private": true }')
    await writeFile(join(source, 'text.txt'), text)
    const { manifest } = await makeRelease({
      layout,
      service,
      source: { kind: 'directory', path: source },
      start,
      madeBy: 'bench',
    })
    await registerRelease(pool, { manifest, size: undefined, news: undefined })
    return manifest
  }
  const begin = async (): Promise<void> => {
    host = spawn(process.execPath, [...commandLine, 'host', '--port', String(port)], {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    for await (const line of createInterface({ input: host.stdout as NodeJS.ReadableStream })) {
      if (line.startsWith('{"ready":true')) break
    }
    host.stdout?.resume()
    if (host.exitCode !== null) throw new Error('the host ended before it was ready')
  }

  const first = await make('the first')
  await placeCurrent(pool, service, first.release)
  await begin()
  const up = await waitUntilReady(pool, { service, release: first.release, purpose: 'serve' }, 30_000, systemClock)
  if (up.state !== 'ready') throw new Error(`the first release is not ready: ${up.why}`)

  const state = async (change: ChangeId): Promise<ChangeState | undefined> => foldChange(await journal.read({ change }))
  return {
    directory,
    port,
    pool,
    journal,
    process: () => host,
    environment,
    make,
    async propose(next, before) {
      const change = changeId(`release-${next.release}`)
      const plan: ReleasePlan = {
        service,
        release: next.release as ReleaseId,
        before: before.release as ReleaseId,
        digest: `${before.digest} ${next.digest}`,
        needs: [],
      }
      await propose(journal, {
        change,
        actor: 'bench',
        kind: 'release',
        plan,
        title: next.release,
        control: 'subjects',
        dependsOn: [],
        size: { unit: 'release', n: 1 },
      })
      return change
    },
    state,
    async until(change, what, withinMs = 60_000) {
      for (const giveUpAtMs = performance.now() + withinMs; ; ) {
        const now = await state(change).catch(() => undefined)
        if (now !== undefined && what(now)) return now
        if (performance.now() > giveUpAtMs)
          throw new Error(
            `${change} is still ${JSON.stringify(now?.state)}: ${JSON.stringify({ ...now, go: undefined, proof: undefined, plan: undefined }, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
          )
        await delay(20)
      }
    },
    restart: begin,
    async stop() {
      const ended = once(host, 'exit')
      if (host.exitCode === null && host.signalCode === null) {
        host.kill('SIGTERM')
        await ended
      }
      await pool.end()
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
