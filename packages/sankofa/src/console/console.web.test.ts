import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, type TestDatabase, test, vi } from '#harness'
import { createPerson } from './index.ts'
import { buildPage, openBrowser } from './testing/browser.ts'
import { openConsole } from './testing/open-console.ts'
import { seedWholeHouse } from './testing/scenes.ts'
import { breakPolicy, focusedText, lightness, openScreen, type Screen, tabTo, widths } from './testing/screen.ts'
import { letOut, openHouse, seedWatcher } from './testing/seed-house.ts'

// A browser on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

let browser: Browser
beforeAll(async () => {
  buildPage()
  browser = await openBrowser()
}, 60_000)
afterAll(() => browser.close())

/** A shop two minutes after its broken checkout was taken back, as Ama opens it. */
async function openHouseScreen(
  db: TestDatabase,
  options: Parameters<typeof openScreen>[2] = {},
): Promise<Screen & { url: string }> {
  await seedWholeHouse(openHouse(db.pool, Date.now()))
  const { url, server } = await openConsole(db.pool)
  onTestFinished(() => server.stop())
  const { token } = await createPerson(db.pool, 'Ama')
  const screen = await openScreen(browser, `${url}/?token=${token}`, options)
  onTestFinished(() => screen.page.close())
  await screen.page.locator('.verdict h1').waitFor()
  return { ...screen, url }
}

test('the first screen says what happened, to whom, and what was done, without breaking its own policy', async ({
  db,
}) => {
  const { page, violations, errors, url } = await openHouseScreen(db)

  expect(page.url()).toBe(`${url}/`)
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
    'demo-broken-checkout hurt 5 customers and was taken back 2 minutes ago. All is normal again.',
  )
  expect(await page.locator('[aria-live=polite] h1').count()).toBe(1)
  expect(await page.locator('.arm.hurt').innerText()).toContain('5 of 14 could not complete a checkout')
  expect(await page.locator('.signal').allInnerTexts()).toHaveLength(4)
  expect(await page.locator('tr.change').count()).toBe(4)
  await page.locator('.plot canvas').waitFor()
  expect(await page.locator('.marks li').count()).toBe(6)
  expect(await page.locator('header').innerText()).toMatch(/measured \d+ s ago/)
  expect(errors).toEqual([])
  expect(violations).toEqual([])

  // The same listeners do hear a violation and a foreign request, so the silence above says something.
  expect(await breakPolicy(page)).toBe(false)
  await expect.poll(() => violations.length).toBeGreaterThanOrEqual(2)
})

test('at 360 px nothing has to be scrolled sideways, with every question and history open', async ({ db }) => {
  const { page } = await openHouseScreen(db, { width: 360 })
  await page.getByRole('button', { name: 'History of demo-good-sorting' }).click()
  await page.locator('.history li').first().waitFor()
  await page.getByRole('button', { name: 'Back: demo-good-sorting' }).click()
  await page.getByRole('button', { name: /^Show/ }).click()
  await page.locator('.plot canvas').waitFor()

  expect(await widths(page)).toEqual({ scroll: 360, seen: 360 })
})

test('whoever prefers dark gets a dark page with light ink, and changes with the system', async ({ db }) => {
  const { page } = await openHouseScreen(db)
  const light = await lightness(page)
  expect(light.paper).toBeGreaterThan(240)
  expect(light.ink).toBeLessThan(40)

  await page.emulateMedia({ colorScheme: 'dark' })

  const dark = await lightness(page)
  expect(dark.paper).toBeLessThan(40)
  expect(dark.ink).toBeGreaterThan(220)
})

test('everything is done with the keyboard alone: ask, think again, ask, confirm', async ({ db }) => {
  const { page } = await openHouseScreen(db)
  const focused = (): Promise<string> => focusedText(page)

  await tabTo(page, 'Back: demo-good-sorting')
  await page.keyboard.press('Enter')
  await expect.poll(focused).toBe('Yes, take it back')
  await page.keyboard.press('Escape')
  await expect.poll(focused).toBe('Back')
  expect(await page.locator('.confirm').count()).toBe(0)
  await page.keyboard.press('Enter')
  await expect.poll(focused).toBe('Yes, take it back')
  await page.keyboard.press('Enter')

  await expect
    .poll(() => page.locator('[data-change=demo-good-sorting]').innerText())
    .toContain('Ama asked to take it back')
  const asked = await db.pool.query(
    `select journal.actor, journal.data from sankofa.journal as journal where journal.type = 'back-requested'`,
  )
  expect(asked.rows).toEqual([{ actor: 'Ama', data: { reason: 'asked in the console' } }])
})

test('what happens elsewhere is on the open screen within seconds', async ({ db }) => {
  await seedWatcher(db.pool)
  const house = openHouse(db.pool, Date.now())
  const { url, server } = await openConsole(db.pool)
  onTestFinished(() => server.stop())
  const { page } = await openScreen(browser, `${url}/?token=${(await createPerson(db.pool, 'Ama')).token}`)
  onTestFinished(() => page.close())
  await page.getByText('No change has been proposed yet').waitFor()

  await letOut(house, { id: 'new-checkout', title: 'New checkout', author: 'Kofi', stagesAgo: [1] })

  await page.locator('[data-change=new-checkout][data-state=exposed]').waitFor({ timeout: 4_000 })
})

test('a console that is gone makes the open screen say so, and never leaves a good verdict standing', async ({
  db,
}) => {
  const { url, server } = await openConsole(db.pool)
  await seedWholeHouse(openHouse(db.pool, Date.now()))
  const { page } = await openScreen(browser, `${url}/?token=${(await createPerson(db.pool, 'Ama')).token}`)
  onTestFinished(() => page.close())
  await page.locator('.verdict .name', { hasText: 'Recovered' }).waitFor()

  await server.stop()

  await page.locator('.verdict .name', { hasText: 'Not known' }).waitFor({ timeout: 10_000 })
  expect(await page.locator('.verdict').innerText()).toContain('lost the console')
  expect(await page.locator('tr.change').count()).toBe(4)
})

test('without a session the page asks who is looking, and takes a pasted link', async ({ db }) => {
  const { url, server } = await openConsole(db.pool)
  onTestFinished(() => server.stop())
  const { page, errors } = await openScreen(browser, url)
  onTestFinished(() => page.close())

  await page.getByLabel('Token or link').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect.poll(() => page.getByRole('alert').innerText()).toContain('not known')
  const { token } = await createPerson(db.pool, 'Esi')
  await page.getByLabel('Token or link').fill(`${url}/?token=${token}`)
  await page.getByRole('button', { name: 'Sign in' }).click()

  await expect.poll(() => page.locator('header .person').innerText()).toBe('Esi')
  expect(errors).toEqual([])
})
