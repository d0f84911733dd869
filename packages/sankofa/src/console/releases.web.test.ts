import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, type TestDatabase, test, vi } from '#harness'
import { createPerson } from './index.ts'
import { buildPage, openBrowser } from './testing/browser.ts'
import { openConsole } from './testing/open-console.ts'
import { focusedText, openScreen, type Screen, tabTo, widths } from './testing/screen.ts'
import { type House, openHouse, seedTraffic, seedWatcher } from './testing/seed-house.ts'
import {
  aProcess,
  hostSays,
  newChange,
  newRelease,
  oldRelease,
  runningShip,
  seedReleases,
  shipSays,
} from './testing/seed-releases.ts'

// A browser on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

let browser: Browser
beforeAll(async () => {
  buildPage()
  browser = await openBrowser()
}, 60_000)
afterAll(() => browser.close())

type Opened = Screen & { readonly url: string; readonly house: House; readonly asked: readonly string[] }

/** The console of a house with a release that goes out, as Ama opens it. */
async function openReleases(
  db: TestDatabase,
  options: Parameters<typeof openScreen>[2] & { readonly seed?: (house: House) => Promise<void> } = {},
): Promise<Opened> {
  const house = openHouse(db.pool, Date.now())
  await seedWatcher(db.pool)
  await seedTraffic(house, { minutes: 10 })
  await (options.seed ?? seedReleases)(house)
  const { url, server } = await openConsole(db.pool)
  onTestFinished(() => server.stop())
  const { token } = await createPerson(db.pool, 'Ama')
  const screen = await openScreen(browser, `${url}/?token=${token}`, options)
  onTestFinished(() => screen.page.close())
  const asked: string[] = []
  screen.page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await screen.page.locator('.verdict h1').waitFor()
  return { ...screen, url, house, asked }
}

const plain = (text: string | null): string => (text ?? '').replaceAll('\u00a0', ' ')

test('the page says what everybody gets, what goes out to how many, where it runs, and what is new in it', async ({
  db,
}) => {
  const { page, errors, violations } = await openReleases(db)

  await page.getByRole('link', { name: 'Releases' }).click()

  await expect
    .poll(async () => plain(await page.getByRole('heading', { level: 1 }).textContent()))
    .toBe('5e0c11d2aa is given to 10 % of customers; everybody else gets a41c9e02b7.')
  expect(page.url()).toContain('#/releases')
  expect(plain(await page.locator('.release.next').innerText())).toContain('stage 2 of')
  expect(plain(await page.locator('.release.next').innerText())).toContain('Ready On accra-1 and kumasi-1.')
  expect(await page.locator('.news').first().innerText()).toContain('checkout: say why a card was refused')
  expect(await page.locator('.news h4').first().innerText()).toContain('0042_parcel_weight')
  expect(await page.locator('[data-host]').count()).toBe(2)
  const process = page.locator(`[data-host=accra-1] [data-process="${newRelease} serve"]`)
  expect(await process.locator('[data-label="In flight"]').innerText()).toBe('2')
  expect(await process.innerText()).toContain('/products 200')
  expect(plain(await page.locator(`tr.change[data-change=${newChange}]`).innerText())).toContain('stage 2 of')
  expect(await page.locator('.made-rows > li').count()).toBe(3)
  expect(errors).toEqual([])
  expect(violations).toEqual([])
})

test('the first screen loads nothing of the page, and the browser goes back and forth between the two', async ({
  db,
}) => {
  const { page, asked } = await openReleases(db)
  const ofPage = (): readonly string[] => asked.filter((path) => /\/page-|\/api\/releases/.test(path))
  await page.locator('tr.change').first().waitFor()
  expect(ofPage()).toEqual([])

  await page.getByRole('link', { name: 'Releases' }).click()
  await page.locator('[data-service=market]').waitFor()
  expect(ofPage().filter((path) => path.endsWith('.js'))).toHaveLength(1)
  expect(await page.locator('nav [aria-current]').innerText()).toBe('Releases')
  await page.goBack()
  await page.locator('.signals').waitFor()
  const askedBefore = ofPage().length
  await page.goForward()
  await page.locator('[data-service=market]').waitFor()

  expect(await page.title()).toBe('Releases · Sankofa')
  await expect.poll(() => focusedText(page)).toContain('is given to')
  expect(
    ofPage()
      .slice(askedBefore)
      .filter((path) => !path.startsWith('/api/')),
  ).toEqual([])
})

test('Back asks once more, by keyboard alone, and appends the request under the name of who asked', async ({ db }) => {
  const { page } = await openReleases(db)
  await page.getByRole('link', { name: 'Releases' }).focus()
  await page.keyboard.press('Enter')
  await page.locator('[data-service=market] tr.change').waitFor()

  await tabTo(page, 'Back: release-5e0c11d2aa')
  await page.keyboard.press('Enter')
  await expect.poll(() => focusedText(page)).toBe('Yes, take it back')
  expect(await page.locator('.confirm').innerText()).toContain('Everyone returns to what was there before.')
  await page.keyboard.press('Escape')
  await expect.poll(() => focusedText(page)).toBe('Back')
  await page.keyboard.press('Enter')
  await page.getByLabel('Why (kept in the journal)').fill('I saw a wrong total')
  await page.getByRole('button', { name: 'Yes, take it back' }).click()

  await expect.poll(() => page.locator('tr.change').innerText()).toContain('Ama asked to take it back')
  const asked = await db.pool.query(
    `select journal.change_id, journal.actor, journal.data from sankofa.journal as journal where journal.type = 'back-requested'`,
  )
  expect(asked.rows).toEqual([{ change_id: newChange, actor: 'Ama', data: { reason: 'I saw a wrong total' } }])
})

test('what hosts say is on the open page within seconds: one that fails, with its last words, and one that is silent', async ({
  db,
}) => {
  const { page } = await openReleases(db)
  await page.getByRole('link', { name: 'Releases' }).click()
  await page.locator('[data-host=accra-1]').waitFor()

  const error = 'Error: listen EADDRINUSE: address already in use 127.0.0.1:40001'
  const fails = aProcess(newRelease, { state: 'failed', error, restarts: 4, inFlight: undefined, checks: [] })
  await hostSays(db.pool, 'accra-1', [fails, aProcess(oldRelease)])
  await hostSays(db.pool, 'kumasi-1', [aProcess(newRelease), aProcess(oldRelease)], 40_000)

  const accra = page.locator('[data-host=accra-1]')
  const kumasi = page.locator('[data-host=kumasi-1]')
  await expect.poll(() => accra.innerText(), { timeout: 6_000 }).toContain('EADDRINUSE')
  expect(await accra.innerText()).toContain('4 restarts')
  await expect.poll(() => kumasi.innerText(), { timeout: 6_000 }).toMatch(/silent for 4\d s/)
  expect(await kumasi.innerText()).toContain('Not known; was ready')
  expect(await kumasi.locator('.standing.ready').count()).toBe(0)
  expect(await page.locator('.release.next').innerText()).toContain(
    'Does not come up on accra-1; no word from kumasi-1.',
  )
})

test('a running ship is followed step by step, and a failed one shows its last lines', async ({ db }) => {
  const { page, house } = await openReleases(db, {
    seed: async (house) => {
      await seedReleases(house)
      await shipSays(house, 'a run', runningShip.slice(0, 4))
    },
  })
  await page.getByRole('link', { name: 'Releases' }).click()
  await page.getByRole('link', { name: /^Ship of release-5e0c11d2aa/ }).click()
  await page.locator('[data-step=test][data-state=done]').waitFor()
  expect(page.url()).toContain('#/releases/ship/a%20run')
  expect(await page.locator('[data-step=test]').innerText()).toContain('72 s')

  const now = { ...house, nowMs: Date.now() }
  await shipSays(now, 'a run', [{ step: 'start', title: 'Start it', state: 'begun', secondsAgo: 0 }])
  await page.locator('[data-step=start][data-state=begun]').waitFor({ timeout: 4_000 })
  const detail = 'It did not answer on accra-1.\nError: Cannot find module'
  await shipSays(now, 'a run', [
    { step: 'start', title: 'Start it', state: 'failed', tookMs: 9_000, detail, secondsAgo: 0 },
  ])

  await page.locator('[data-step=start][data-state=failed]').waitFor({ timeout: 4_000 })
  expect(await page.locator('[data-step=start] pre').innerText()).toBe(detail)
  expect(await page.locator('.verdict .detail').innerText()).toContain('It failed at “Start it”.')
  await page.goBack()
  await page.locator('[data-service=market]').waitFor()
})

test('where nothing was shipped the page says how', async ({ db }) => {
  const { page, errors } = await openReleases(db, { seed: async () => {} })

  await page.getByRole('link', { name: 'Releases' }).click()

  await expect.poll(() => page.locator('.first').innerText()).toContain('npx sankofa ship')
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('No release has been made yet.')
  expect(errors).toEqual([])
})

test('at 360 px nothing has to be scrolled sideways, on either page, with everything open', async ({ db }) => {
  const long = 'https://registry.example.com/'.padEnd(400, 'x')
  const { page } = await openReleases(db, {
    width: 360,
    seed: async (house) => {
      await seedReleases(house)
      await shipSays(house, 'a run', [
        ...runningShip.slice(0, -1),
        { step: 'start', title: 'Start it beside the old one', state: 'failed', detail: long, secondsAgo: 5 },
      ])
      await hostSays(house.pool, 'a-host-with-a-very-long-name.of-a-data-centre.example.com', [
        aProcess(newRelease, { state: 'failed', error: long }),
      ])
    },
  })
  await page.getByRole('link', { name: 'Releases' }).click()
  await page.getByRole('button', { name: 'Back: release-5e0c11d2aa' }).click()
  await page.getByRole('button', { name: 'History of release-5e0c11d2aa' }).click()
  await page.locator('.history li').first().waitFor()
  await page.locator('.made summary').first().click()
  expect(await widths(page)).toEqual({ scroll: 360, seen: 360 })

  await page.getByRole('link', { name: /^Ship of/ }).click()
  await page.locator('[data-step=start]').waitFor()

  expect(await widths(page)).toEqual({ scroll: 360, seen: 360 })
})

test('a console that is gone leaves no host and no release standing as well', async ({ db }) => {
  await seedWatcher(db.pool)
  await seedReleases(openHouse(db.pool, Date.now()))
  const { url, server } = await openConsole(db.pool)
  const { page } = await openScreen(browser, `${url}/?token=${(await createPerson(db.pool, 'Ama')).token}`)
  onTestFinished(() => page.close())
  await page.getByRole('link', { name: 'Releases' }).click()
  await page.locator('.standing.ready').first().waitFor()

  await server.stop()

  await expect.poll(() => page.locator('.verdict h1').innerText(), { timeout: 20_000 }).toContain('Not known now')
  expect(await page.locator('.standing.ready').count()).toBe(0)
  expect(await page.locator('[data-host]').count()).toBe(2)
})
