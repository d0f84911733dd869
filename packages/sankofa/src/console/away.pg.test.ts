import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from '#harness'
import { bootstrap, createPool, startEmbedded } from '../db/index.ts'
import { createPerson, type ReleasesStatus, type Status } from './index.ts'
import { ask, openConsole, signIn } from './testing/open-console.ts'
import { seedWholeHouse } from './testing/scenes.ts'
import { openHouse } from './testing/seed-house.ts'
import { seedReleases } from './testing/seed-releases.ts'

test('PostgreSQL away: the last known state with its age, no action, and all of it back later', async () => {
  const base = mkdtempSync(join(tmpdir(), 'sankofa-console-away-'))
  onTestFinished(() => rmSync(base, { recursive: true, force: true }))
  let server = await startEmbedded({ directory: join(base, 'pg'), durable: false })
  onTestFinished(() => server.stop())
  const pool = createPool({ url: server.url(), max: 5, applicationName: 'test' })
  onTestFinished(() => pool.end())
  await bootstrap(pool)
  await seedWholeHouse(openHouse(pool, Date.now()))
  await seedReleases(openHouse(pool, Date.now()))
  const { url, server: web } = await openConsole(pool)
  onTestFinished(() => web.stop())
  const cookie = await signIn(url, (await createPerson(pool, 'Ama')).token)
  const readStatus = async (): Promise<Status> => (await ask(url, '/api/status', cookie)).json() as Promise<Status>
  expect(await readStatus()).toMatchObject({ verdict: 'recovered' })
  const readReleases = async (): Promise<ReleasesStatus> =>
    (await ask(url, '/api/releases', cookie)).json() as Promise<ReleasesStatus>
  expect((await readReleases()).services[0]?.next?.health.state).toBe('ready')

  await server.stop()
  await expect(pool.query('select 1')).rejects.toThrow()

  const away = await readStatus()
  expect(away).toMatchObject({ verdict: 'unknown', culprit: 'demo-broken-checkout', measuring: { watching: false } })
  expect(away.away).not.toBe('')
  expect(away.detail).toContain('back --local')
  expect(away.signals.map((signal) => signal.state)).toEqual(['unknown', 'unknown', 'unknown', 'unknown'])
  expect(away.changes.length).toBeGreaterThan(3)
  expect(away.changes.filter((change) => change.can.back || change.can.go || change.can.hold)).toEqual([])
  const known = await readReleases()
  expect(known.away).not.toBe('')
  expect(known.services[0]?.next).toMatchObject({ share: 0.1, health: { state: 'unknown' } })
  expect((await ask(url, '/', cookie)).status).toBe(200)
  const back = await ask(url, '/api/changes/demo-good-sorting/back', cookie, { method: 'POST', body: {} })
  expect(back.status).toBe(503)
  expect(await back.json()).toMatchObject({ error: 'DATABASE_UNREACHABLE' })
  // Somebody whose session was never seen before is not believed while nothing can be asked.
  expect((await ask(url, '/api/status', 'sankofa_console=guess')).status).toBe(401)
  expect((await ask(url, '/api/status', cookie.replace(/=.*/, '=guess'))).status).toBe(503)

  server = await startEmbedded({ directory: join(base, 'pg'), port: server.port, durable: false })
  await vi.waitFor(async () => expect((await readStatus()).away).toBeUndefined(), { timeout: 10_000, interval: 200 })
  expect((await ask(url, '/api/changes/demo-good-sorting/back', cookie, { method: 'POST', body: {} })).status).toBe(202)
})
