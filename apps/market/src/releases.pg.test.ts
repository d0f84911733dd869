import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { startSettings } from 'sankofa'
import { findSecret } from 'sankofa/core'
import { freePort } from 'sankofa/db'
import { layoutOf, makeRelease } from 'sankofa/release'
import { Pool } from 'undici'
import { expect, onTestFinished, test } from '#harness'
import { config } from '../sankofa.config.ts'
import { type Browser, createBrowser } from './customers/browser.ts'
import { marketSecret } from './secrets.ts'
import { seedCustomers, sessionCookie } from './seed/customers.ts'

const root = resolve(import.meta.dirname, '../../..')

/** The folder with the patch on top, made and started as a host does it, with a customer who is signed in. */
async function startRelease(patch: string, databaseUrl: string): Promise<Browser> {
  const directory = await mkdtemp(join(tmpdir(), 'market-release-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  if (config.release === undefined) throw new Error('the market says not how it is released')
  const start = startSettings(config.release)
  const made = await makeRelease({
    layout: layoutOf(join(directory, 'host')),
    service: config.service,
    source: { kind: 'directory', path: root, patch: await readFile(join(root, 'apps/market/releases', patch), 'utf8') },
    start,
    madeBy: 'a test',
  })
  const port = await freePort()
  const child = spawn(process.execPath, start.command.slice(1), {
    cwd: made.path,
    // Here the release prepares the database itself: nobody else has.
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      SANKOFA_DIR: directory,
      PORT: String(port),
      SANKOFA_RELEASE: made.manifest.release,
      MARKET_CUSTOMERS: '2',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"ready":true')) break
  }
  child.stdout.resume()
  const pool = new Pool(`http://127.0.0.1:${port}`)
  onTestFinished(() => pool.destroy())
  const secret = marketSecret(await findSecret(directory))
  const [customer] = seedCustomers(2, secret)
  const { name, value } = sessionCookie(customer?.token ?? '', secret)
  return createBrowser(pool, 10_000, () => {}, new Map([[name, value]]))
}

test('the sound release that can be shipped for a demonstration says thanks', { timeout: 120_000 }, async ({ db }) => {
  const browser = await startRelease('0001-thanks.patch', db.url)
  await browser.send('PUT', '/cart/lines/1', { body: { quantity: 1 } })

  const paid = await browser.send('POST', '/checkout', { body: { currency: 'NGN' } })

  expect(paid).toMatchObject({ status: 201 })
  expect(JSON.stringify(paid?.body)).toContain('Thank you for shopping with us.')
})

test('the leaking release starts well, and fails for good once it has lent all it has', { timeout: 120_000 }, async ({
  db,
}) => {
  const browser = await startRelease('0002-leak.patch', db.url)
  const statuses: (number | undefined)[] = []

  for (let request = 0; request < 60; request++) {
    const path = ['/products', '/products/7', '/search?q=rice'][request % 3] ?? ''
    statuses.push((await browser.send('GET', path))?.status)
  }
  const late = await browser.send('GET', '/products')
  const later = await browser.send('GET', '/search?q=rice')
  const elsewhere = await browser.send('GET', '/shipping-zones')

  expect(new Set(statuses)).toEqual(new Set([200]))
  expect([late?.status, later?.status, elsewhere?.status]).toEqual([500, 500, 200])
})
