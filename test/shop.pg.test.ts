import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import autocannon from 'autocannon'
import type pg from 'pg'
import { changeId } from 'sankofa/core'
import { createPool, freePort, startEmbedded } from 'sankofa/db'
import { foldChange, openJournal } from 'sankofa/journal'
import { expect, onTestFinished, test, vi } from '#harness'
import { root, type StartedShop, startShop, temporaryFolder, untilReady } from './shop.ts'

function openPool(url: string): pg.Pool {
  const pool = createPool({ url, max: 2, applicationName: 'test-shop' })
  onTestFinished(() => pool.end())
  return pool
}

const stateOf = async (pool: pg.Pool, change: string): Promise<string | undefined> =>
  foldChange(await openJournal(pool).read({ change: changeId(change) }))?.state

function shell(command: string, shop: StartedShop): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(
      'sh',
      ['-c', command],
      { cwd: root, env: { ...process.env, SANKOFA_DIR: shop.directory } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), said: out + err }),
    )
  })
}

/** Every command of the README's `sh` blocks, in order. */
const readmeCommands = (): readonly string[] =>
  [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) =>
    (block[1] ?? '').split('\n').filter((line) => line.trim() !== ''),
  )

test('every command of the README does what the README says', async () => {
  const [first, ...commands] = readmeCommands()
  expect(first).toBe('npm start')
  expect(commands).toContain('npx sankofa go demo-broken-checkout')
  expect(commands).toContain('npx sankofa back demo-good-sorting')
  const shop = await startShop()
  await untilReady(shop)
  const pool = openPool(shop.databaseUrl())
  // The README's reader has read a sentence meanwhile: a route needs 300 requests before its speed is judged.
  await vi.waitFor(
    async () => expect((await pool.query('select 1 from sankofa.event as event limit 300')).rowCount).toBe(300),
    {
      timeout: 90_000,
      interval: 500,
    },
  )

  for (const command of commands) {
    const { code, said } = await shell(command, shop)
    expect({ command, code, said: code === 0 ? '' : said }).toEqual({ command, code: 0, said: '' })
    const [, what, change = ''] = /sankofa (go|back) (\S+)/.exec(command) ?? []
    if (command.endsWith('demo-broken-checkout') && what === 'go') {
      await vi.waitFor(async () => expect(await stateOf(pool, change)).toBe('undone'), {
        timeout: 240_000,
        interval: 500,
      })
    } else if (what === 'go') {
      await vi.waitFor(async () => expect(await stateOf(pool, change)).toBe('exposed'), {
        timeout: 60_000,
        interval: 500,
      })
    } else if (what === 'back') {
      await vi.waitFor(async () => expect(await stateOf(pool, change)).toBe('undone'), {
        timeout: 30_000,
        interval: 500,
      })
    }
  }

  const why = await shell('npx sankofa why demo-broken-checkout', shop)
  expect(why.said).toMatch(/could not complete a checkout|failed/)
}, 480_000)

test('what a client that we did not write counts is what the cells hold, to the request', async () => {
  const shop = await startShop({ CUSTOMERS: '0' })
  await untilReady(shop)
  const pool = openPool(shop.databaseUrl())
  const routes = ['/products', '/products/1', '/search?q=rice', '/no-such-page', '/products/not-a-number', '/checkout']

  const results = []
  for (const path of routes) {
    results.push(await autocannon({ url: `${shop.marketUrl}${path}`, amount: 400, connections: 8, pipelining: 1 }))
  }
  const asked = results.reduce((sum, result) => sum + result['2xx'] + result.non2xx, 0)
  const count = async (): Promise<Record<string, number>> => {
    // The host asks for the health every second, on its own account.
    const cells = await pool.query<{ status_class: string; n: number }>(
      `select cell.status_class, sum(cell.n)::int as n
         from sankofa.cell as cell
        where cell.arm = 'all' and cell.route <> 'GET /health'
        group by cell.status_class`,
    )
    return Object.fromEntries(cells.rows.map((row) => [row.status_class, row.n]))
  }

  expect(asked).toBe(routes.length * 400)
  expect(results.map((result) => result.errors + result.timeouts)).toEqual(routes.map(() => 0))
  // What the host asked for before the market got its first request.
  const checked = await pool.query<{ n: number }>(
    `select jsonb_array_length(release.manifest -> 'start' -> 'smoke') as n from sankofa.release as release`,
  )
  const expected: Record<string, number> = { '2xx': checked.rows[0]?.n ?? 0 }
  for (const result of results) {
    for (const [status, n] of [
      ['2xx', result['2xx']],
      ['4xx', result['4xx']],
      ['5xx', result['5xx']],
    ] as const) {
      if (n > 0) expected[status] = (expected[status] ?? 0) + n
    }
  }
  await vi.waitFor(async () => expect(await count()).toEqual(expected), { timeout: 30_000, interval: 500 })
}, 180_000)

test('with PostgreSQL away for 30 s under load the rest answers, a change can be taken back, and measuring resumes', async () => {
  const base = temporaryFolder()
  const port = await freePort()
  let server = await startEmbedded({ directory: join(base, 'pg'), port })
  onTestFinished(() => server.stop())
  const admin = createPool({ url: server.url(), max: 1, applicationName: 'test-shop' })
  await admin.query('create database market')
  await admin.end()
  const databaseUrl = server.url('market')
  const shop = await startShop({ DATABASE_URL: databaseUrl })
  await untilReady(shop)
  const pool = openPool(databaseUrl)
  await pool.query(`select 1`)
  expect((await shell('npx sankofa go demo-good-sorting', shop)).code).toBe(0)
  await vi.waitFor(async () => expect(await stateOf(pool, 'demo-good-sorting')).toBe('exposed'), {
    timeout: 60_000,
    interval: 500,
  })
  const market = shop.find('market/src/main.ts')?.pid ?? -1
  const memoryBefore = residentMegabytes(market)
  const newestReport = async (): Promise<Date> => {
    const found = await pool.query<{ at: Date }>(
      `select max(report.window_start) as at from sankofa.process_report as report where report.service = 'market'`,
    )
    return found.rows[0]?.at ?? new Date(0)
  }

  await server.stop()
  const awayFrom = Date.now()
  await expect(pool.query('select 1')).rejects.toThrow()
  const answered: number[] = []
  while (Date.now() - awayFrom < 15_000) {
    answered.push((await fetch(`${shop.marketUrl}/shipping-zones`)).status)
    await delay(250)
  }
  const local = await shell('npx sankofa back demo-good-sorting --local --reason drill', shop)
  while (Date.now() - awayFrom < 30_000) {
    answered.push((await fetch(`${shop.marketUrl}/shipping-zones`)).status)
    await delay(250)
  }
  const memoryAway = residentMegabytes(market)
  const backAt = new Date()
  server = await startEmbedded({ directory: join(base, 'pg'), port })

  expect(answered.length).toBeGreaterThan(60)
  expect(new Set(answered)).toEqual(new Set([200]))
  expect(local).toMatchObject({ code: 0 })
  expect(memoryAway - memoryBefore).toBeLessThan(80)
  // The local back is journalled by itself, and the windows of the time away are there or counted as dropped.
  await vi.waitFor(async () => expect(await stateOf(pool, 'demo-good-sorting')).toBe('undone'), {
    timeout: 60_000,
    interval: 500,
  })
  await vi.waitFor(async () => expect((await newestReport()).getTime()).toBeGreaterThan(backAt.getTime()), {
    timeout: 60_000,
    interval: 500,
  })
  const windows = await pool.query<{ kept: number; dropped: number }>(
    `select count(*)::int as kept, coalesce(sum((report.dropped ->> 'windows')::int), 0)::int as dropped
       from sankofa.process_report as report
      where report.service = 'market' and report.window_start >= $1 and report.window_start < $2`,
    [new Date(awayFrom), backAt],
  )
  const { kept = 0, dropped = 0 } = windows.rows[0] ?? {}
  expect(kept + dropped).toBeGreaterThanOrEqual(3)
}, 300_000)

const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000
