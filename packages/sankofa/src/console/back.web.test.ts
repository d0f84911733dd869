import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fastify } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { systemClock } from '../core/index.ts'
import { createFlagClient, defineFlag, flagKind } from '../flags/index.ts'
import { openJournal, propose } from '../journal/index.ts'
import { pgMeasurement } from '../observe/index.ts'
import { createWatcher } from '../rollout/index.ts'
import { createPerson } from './index.ts'
import { buildPage, openBrowser } from './testing/browser.ts'
import { checkoutAttempt, openConsole } from './testing/open-console.ts'
import { openScreen } from './testing/screen.ts'
import { openHouse, seedTraffic } from './testing/seed-house.ts'

const log = pino({ level: 'silent' })
const newCheckout = defineFlag<pg.Client>({
  id: 'new-checkout',
  title: 'Checkout in one step',
  owner: 'Kofi',
  expires: '2030-01-01',
  proof: {
    async prepare(url) {
      const client = new pg.Client(url)
      await client.connect()
      await client.query('create table basket (id int primary key)')
      return client
    },
    newPath: (client) => client.query('insert into basket values (1)'),
    async oldPath(client) {
      if ((await client.query('select basket.id from basket')).rowCount !== 1) throw new Error('the basket is lost')
    },
    close: (client) => client.end(),
  },
})

/** A service that asks the flag at each request, as any service does: over HTTP, with its own connections. */
async function openService(db: TestDatabase): Promise<{ customersOnNewPath(): Promise<number> }> {
  const directory = mkdtempSync(join(tmpdir(), 'sankofa-service-'))
  const flags = createFlagClient({
    flags: [newCheckout],
    tunables: [],
    url: db.url,
    directory,
    secret: 'a secret',
    log,
  })
  await flags.start()
  const service = fastify()
  service.get<{ Params: { customer: string } }>('/checkout/:customer', async (request) => ({
    path: flags.isOn(newCheckout, { subject: request.params.customer }) ? 'new' : 'old',
  }))
  const url = await service.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    await service.close()
    await flags.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    async customersOnNewPath() {
      const paths = await Promise.all(
        Array.from({ length: 500 }, async (_, n) => {
          const answer = await fetch(`${url}/checkout/customer-${n}`)
          return ((await answer.json()) as { path: string }).path
        }),
      )
      return paths.filter((path) => path === 'new').length
    },
  }
}

/** The real watcher, with real flags and real measurements. */
function startWatcher(db: TestDatabase): void {
  const journal = openJournal(db.pool)
  const watcher = createWatcher({
    pool: db.pool,
    journal,
    kinds: [flagKind({ pool: db.pool, journal, flags: [newCheckout] })],
    measurement: pgMeasurement(db.pool),
    attempts: [checkoutAttempt.name],
    clock: systemClock,
    holder: randomUUID(),
    log,
    listenUrl: db.url,
  })
  watcher.start()
  onTestFinished(() => watcher.stop())
}

test('Go and Back are clicked, and the service does it: customers get the new path, and then nobody does', async ({
  db,
}) => {
  buildPage()
  await seedTraffic(openHouse(db.pool, Date.now()), { minutes: 70 })
  const journal = openJournal(db.pool)
  await propose(journal, {
    change: newCheckout.id,
    actor: 'Kofi',
    kind: 'flag',
    plan: { flag: newCheckout.id },
    title: newCheckout.title,
    control: 'subjects',
    dependsOn: [],
    size: { unit: 'lines', n: 12 },
  })
  const service = await openService(db)
  startWatcher(db)
  const { url, server } = await openConsole(db.pool)
  onTestFinished(() => server.stop())
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const { page, violations } = await openScreen(browser, `${url}/?token=${(await createPerson(db.pool, 'Ama')).token}`)
  const row = page.locator('[data-change=new-checkout]')

  expect(await service.customersOnNewPath()).toBe(0)
  await page.getByRole('button', { name: 'Go: new-checkout' }).click()
  await expect.poll(() => page.locator('.confirm').innerText()).toContain('requests a second')
  await page.getByRole('button', { name: 'Yes, let it go out' }).click()
  await page.locator('[data-change=new-checkout][data-state=exposed]').waitFor({ timeout: 20_000 })
  await expect.poll(() => row.innerText(), { timeout: 10_000 }).toContain('of customers')
  await expect.poll(() => service.customersOnNewPath(), { timeout: 5_000 }).toBeGreaterThan(0)

  await page.getByRole('button', { name: 'Back: new-checkout' }).click()
  await page.getByLabel('Why (kept in the journal)').fill('I saw a wrong total')
  await page.getByRole('button', { name: 'Yes, take it back' }).click()

  await expect.poll(() => service.customersOnNewPath(), { timeout: 10_000 }).toBe(0)
  await page.getByRole('button', { name: 'Show the one change that is over' }).click()
  await expect.poll(() => row.innerText(), { timeout: 10_000 }).toContain('Taken back: ')
  const records = await journal.read()
  expect(records.map((record) => [record.type, record.actor])).toContainEqual(['back-requested', 'Ama'])
  expect(records.find((record) => record.type === 'back-requested')?.data).toEqual({ reason: 'I saw a wrong total' })
  expect(records.at(-1)?.type).toBe('undone')
  expect(violations).toEqual([])
}, 60_000)
