import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from 'sankofa/db'
import { expect, onTestFinished, test, vi } from '#harness'
import { isAlive } from './processes.ts'
import { root, type StartedShop, startShop, temporaryFolder, untilReady } from './shop.ts'

/** The process that `scripts/start.mjs` runs, and not that script itself. */
const orchestrator = join(root, 'scripts/up.ts')
const patient = { timeout: 30_000, interval: 100 }

async function countOrders(started: StartedShop): Promise<number> {
  const client = new pg.Client(started.databaseUrl())
  // PostgreSQL is killed on purpose in some of these tests.
  client.on('error', () => {})
  await client.connect()
  const result = await client.query<{ n: number }>(
    `select count(*)::int as n from sankofa.event as event where event.type = 'order.paid'`,
  )
  await client.end()
  return result.rows[0]?.n ?? 0
}

test('everything starts, survives kill -9 of any one process, and Ctrl-C leaves nothing behind', async () => {
  const started = await startShop({})
  await untilReady(started)
  await vi.waitFor(async () => expect(await countOrders(started)).toBeGreaterThan(10), patient)

  const parts = [
    'market/src/main.ts',
    'cli/main.ts gateway',
    'cli/main.ts host',
    'cli/main.ts watch',
    'customers/main.ts',
    '/postgres -D',
  ]
  for (const part of parts) {
    const victim = started.find(part)
    if (victim === undefined) throw new Error(`${part} is not there`)
    const before = await countOrders(started)
    process.kill(victim.pid, 'SIGKILL')
    await vi.waitFor(() => expect(isAlive(victim.pid)).toBe(false), patient)
    await vi.waitFor(() => expect(started.find(part)?.pid ?? victim.pid).not.toBe(victim.pid), patient)
    // Customers pay again through whatever came back, and nothing that was paid is gone.
    await vi.waitFor(async () => expect(await countOrders(started)).toBeGreaterThan(before + 10), {
      timeout: 60_000,
      interval: 500,
    })
  }

  const everyone = started.processes().map((process) => process.pid)
  expect(everyone.length).toBeGreaterThan(8)
  const fromMs = performance.now()
  started.child.kill('SIGTERM')
  await once(started.child, 'exit')
  await vi.waitFor(() => expect(everyone.filter(isAlive)).toEqual([]), {
    timeout: 10_000 - (performance.now() - fromMs),
    interval: 50,
  })
}, 300_000)

test('kill -9 of the parent ends all, and a new start takes up the same data', async () => {
  const first = await startShop({})
  await untilReady(first)
  await vi.waitFor(async () => expect(await countOrders(first)).toBeGreaterThan(5), patient)
  const everyone = first.processes().map((process) => process.pid)
  const orders = await countOrders(first)

  const up = first.find(orchestrator)?.pid ?? -1
  process.kill(up, 'SIGKILL')
  await vi.waitFor(() => expect(isAlive(up)).toBe(false), patient)

  await vi.waitFor(() => expect(everyone.filter(isAlive)).toEqual([]), { timeout: 15_000, interval: 100 })
  const second = await startShop({ SANKOFA_DIR: first.directory, CUSTOMERS: '0' })
  await untilReady(second)
  expect(await countOrders(second)).toBeGreaterThanOrEqual(orders)
  // What Ctrl-C does: the terminal signals both.
  second.child.kill('SIGINT')
  process.kill(second.find(orchestrator)?.pid ?? -1, 'SIGINT')
  await once(second.child, 'exit')
}, 240_000)

test('what a start and its host leave behind, killed together, the next start ends', async () => {
  const first = await startShop({ CUSTOMERS: '0' })
  await untilReady(first)
  const pids = [orchestrator, 'cli/main.ts host', 'cli/main.ts gateway', 'market/src/main.ts'].map(
    (part) => first.find(part)?.pid ?? -1,
  )

  for (const pid of pids.slice(0, 2)) process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(pids.slice(0, 2).filter(isAlive)).toEqual([]), patient)
  expect(pids.slice(2).filter(isAlive)).toEqual(pids.slice(2))
  const port = new URL(first.marketUrl).port
  const second = await startShop({ SANKOFA_DIR: first.directory, MARKET_PORT: port, CUSTOMERS: '0' })
  await untilReady(second)

  expect(pids.filter(isAlive)).toEqual([])
  expect((await fetch(`${second.marketUrl}/products`)).status).toBe(200)
}, 240_000)

async function refusal(environment: Readonly<Record<string, string>>): Promise<{ code: number | null; said: string }> {
  const started = await startShop(environment)
  await once(started.child, 'close')
  return { code: started.child.exitCode, said: started.said() }
}

test('a busy port is named, and another one is proposed', async () => {
  const port = await freePort()
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => {
    other.close()
  })

  const { code, said } = await refusal({ MARKET_PORT: String(port) })

  expect(said).toContain(`MARKET_PORT: port ${port} is taken by another program`)
  expect(code).toBe(2)
}, 60_000)

test('a DATABASE_URL that nobody answers is named without its password', async () => {
  const { code, said } = await refusal({ DATABASE_URL: 'postgres://market:topsecret@127.0.0.1:1/market' })

  expect(said).toContain('PostgreSQL at 127.0.0.1:1 does not answer')
  expect(said).not.toContain('topsecret')
  expect(code).toBe(2)
}, 60_000)

test('every wrong setting is named at once', async () => {
  const { code, said } = await refusal({ DATABASE_URL: 'mysql://x', CONSOLE_PORT: '99999', CUSTOMERS: 'many' })

  expect(said).toContain('3 settings are wrong')
  for (const name of ['DATABASE_URL', 'CONSOLE_PORT', 'CUSTOMERS']) expect(said).toContain(name)
  expect(code).toBe(2)
}, 60_000)

test('data of another PostgreSQL version are named and left alone', async () => {
  const directory = temporaryFolder()
  mkdirSync(join(directory, 'pg'))
  writeFileSync(join(directory, 'pg', 'PG_VERSION'), '16\n')

  const { code, said } = await refusal({ SANKOFA_DIR: directory })

  expect(said).toContain('belong to PostgreSQL 16')
  expect(code).toBe(2)
}, 60_000)

test('a full disk is named', async ({ skip }) => {
  const directory = join(temporaryFolder(), 'small')
  mkdirSync(directory)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', directory], { stdio: 'ignore' })
  } catch {
    skip('only root can mount a small disk')
  }
  onTestFinished(() => {
    execFileSync('umount', [directory])
  })

  const { code, said } = await refusal({ SANKOFA_DIR: directory })

  expect(said).toMatch(/Only \d+ MB are free/)
  expect(code).toBe(2)
}, 60_000)

test('a second start on the same folder names the first, and takes nothing away from it', async () => {
  const first = await startShop({ CUSTOMERS: '0' })
  await untilReady(first)
  const runtime = first.databaseUrl()

  const { code, said } = await refusal({ SANKOFA_DIR: first.directory })

  expect(said).toMatch(/is in use by another "npm start" \(process \d+\)/)
  expect(code).toBe(2)
  expect(first.databaseUrl()).toBe(runtime)
}, 120_000)
