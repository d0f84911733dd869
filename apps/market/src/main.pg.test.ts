import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findSecret } from 'sankofa/core'
import { freePort } from 'sankofa/db'
import { expect, onTestFinished, test, vi } from '#harness'
import { type CustomersReport, startCustomers } from './customers/run.ts'
import { marketSecret } from './secrets.ts'
import { seedCustomers } from './seed/customers.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Starts `node <args>` and waits for the line that says it is ready. */
async function startNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; ready: { url: string; pid: number } }> {
  const child = spawn(process.execPath, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line.startsWith('{"ready":true')) {
      child.stdout?.resume()
      return { child, ready: JSON.parse(line) }
    }
  }
  throw new Error('the process ended before it was ready')
}

async function openDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'market-main-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('customers buy over HTTP, the market counts exactly what they counted, and stops within 5 s when asked', {
  timeout: 90_000,
}, async ({ db }) => {
  const directory = await openDirectory()
  const env = {
    DATABASE_URL: db.url,
    SANKOFA_DIR: directory,
    MARKET_PORT: String(await freePort()),
    MARKET_CUSTOMERS: '60',
  }
  const { child, ready } = await startNode(['--conditions=sankofa-source', main], env)
  const secret = marketSecret(await findSecret(directory))
  const reports: CustomersReport[] = []
  const running = startCustomers({
    url: ready.url,
    secret,
    customers: seedCustomers(60, secret),
    requestsPerSecond: 30,
    reportEveryMs: 500,
    leavesWithinMs: 15_000,
    report: (line) => reports.push(line),
  })
  const sum = (of: (report: CustomersReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0)
  await vi.waitFor(() => expect(sum((report) => report.checkouts.paid)).toBeGreaterThan(10), {
    timeout: 40_000,
    interval: 200,
  })

  await running.stop()
  const stoppedAtMs = performance.now()
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')

  expect(code).toBe(0)
  expect(performance.now() - stoppedAtMs).toBeLessThan(5_000)
  expect(sum((report) => report.unanswered)).toBe(0)
  const { rows } = await db.pool.query(
    `select sum(cell.n)::int as n, sum(cell.n) filter (where cell.route = 'POST /checkout')::int as checkouts
       from sankofa.cell as cell where cell.arm = 'all' and cell.route <> 'POST /webhooks/deposits'`,
  )
  expect(rows[0]).toEqual({ n: sum((report) => report.requests), checkouts: sum((report) => report.checkouts.tried) })
  const orders = (await db.pool.query('select count(*)::int as n from market.shop_order')).rows[0].n
  expect(orders).toBe(sum((report) => report.checkouts.paid))
})

test('when the process that started it is killed, the market stops too', { timeout: 90_000 }, async ({ db }) => {
  const env = {
    DATABASE_URL: db.url,
    SANKOFA_DIR: await openDirectory(),
    MARKET_PORT: String(await freePort()),
    MARKET_CUSTOMERS: '2',
    MARKET_MAIN: main,
  }
  const parent = `
    const { spawn } = require('node:child_process')
    spawn(process.execPath, ['--conditions=sankofa-source', process.env.MARKET_MAIN],
      { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, SANKOFA_PARENT_PID: String(process.pid) } })`
  const { child, ready } = await startNode(['-e', parent], env)
  expect(isAlive(ready.pid)).toBe(true)

  child.kill('SIGKILL')

  await vi.waitFor(() => expect(isAlive(ready.pid)).toBe(false), { timeout: 8_000, interval: 100 })
})
