import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { expect, onTestFinished, test } from '#harness'
import { readHosts, readSplit, reportHost } from '../release/index.ts'
import { secretMarkOf } from './host/secret-mark.ts'
import { projectWithHosts } from './testing/ssh-hosts.ts'

const shipped = ['ship', '--unchecked', 'a test', '--no-follow'] as const
const ends = { timeout: 60_000, interval: 100 } as const

const get = async (url: string): Promise<string> => (await fetch(url)).text()

test('a release is placed, started and taken back on each host of several', { timeout: 240_000 }, async ({ db }) => {
  const shop = projectWithHosts(db, ['shop-1', 'shop-2'])
  const urls = [await shop.startHost('shop-1'), await shop.startHost('shop-2', '--no-watch')]
  const running = async (): Promise<readonly string[]> =>
    (await readHosts(db.pool, 'shop')).map(({ host, processes }) => {
      const ready = processes.filter(({ state, purpose }) => state === 'ready' && purpose === 'serve')
      return `${host}: ${ready.map(({ release }) => release).sort()}`
    })

  shop.write('one')
  const first = await shop.run(...shipped)
  expect(first).toMatchObject({ code: 0 })
  const [one = ''] = shop.releasesOn('shop-1')
  expect(shop.releasesOn('shop-1')).toEqual([one])
  expect(shop.releasesOn('shop-2')).toEqual([one])
  for (const url of urls) await expect.poll(() => get(url), ends).toBe('one')

  shop.write('two')
  const second = await shop.run(...shipped)
  expect(second).toMatchObject({ code: 0 })
  const two = shop.releasesOn('shop-1').find((name) => name !== one) ?? ''
  expect(shop.releasesOn('shop-2')).toEqual([one, two].sort())
  expect(await running()).toEqual(['shop-1', 'shop-2'].map((host) => `${host}: ${[one, two].sort()}`))
  await expect.poll(async () => (await readSplit(db.pool, 'shop'))?.share ?? 0, ends).toBeGreaterThan(0)

  await shop.run('back', `release-${two}`)
  await expect.poll(running, ends).toEqual([`shop-1: ${one}`, `shop-2: ${one}`])
  for (const url of urls) expect(await get(url)).toBe('one')

  const again = await shop.run('ship', one, '--no-follow')
  expect(again.out).toContain('what everybody gets already')
})

test('a release that does not come up on the first host is never started on the second', {
  timeout: 240_000,
}, async ({ db }) => {
  const shop = projectWithHosts(db, ['shop-1', 'shop-2'])
  await shop.startHost('shop-1')
  await shop.startHost('shop-2', '--no-watch')
  shop.write('one')
  expect(await shop.run(...shipped)).toMatchObject({ code: 0 })
  const [one = ''] = shop.releasesOn('shop-2')

  shop.write(undefined)
  const broken = await shop.run(...shipped)

  const two = shop.releasesOn('shop-2').find((name) => name !== one) ?? ''
  expect(broken.code).toBe(1)
  expect(`${broken.out}${broken.err}`).toContain('does not come up on shop-1')
  expect(shop.wasStartedOn('shop-1', two)).toBe(true)
  expect(shop.wasStartedOn('shop-2', one)).toBe(true)
  expect(shop.wasStartedOn('shop-2', two)).toBe(false)
})

test('with a host that cannot be reached nobody gets the release, and it is said what to do', {
  timeout: 60_000,
}, async ({ db }) => {
  const shop = projectWithHosts(db, ['shop-1', 'shop-2'])
  shop.write('one')
  shop.fault('down-shop-2')

  const ship = await shop.run(...shipped)

  expect(ship.code).toBe(1)
  expect(`${ship.out}${ship.err}`).toContain('shop-2 cannot be reached. It said: ssh: connect to host shop-2')
  expect(`${ship.out}${ship.err}`).toContain('"ssh shop-2 true"')
  expect([shop.releasesOn('shop-1'), shop.releasesOn('shop-2')]).toEqual([[], []])
})

test('a connection that breaks leaves no half release, and the next ship sends only what is missing', {
  timeout: 120_000,
}, async ({ db }) => {
  const shop = projectWithHosts(db, ['shop-1', 'shop-2'])
  shop.write('one')
  shop.writeFile('large.bin', randomBytes(2_000_000))
  shop.fault('cut-shop-2')

  const cut = await shop.run(...shipped)

  expect(shop.happened('was-cut-shop-2')).toBe(true)
  expect(cut.code).toBe(1)
  expect(`${cut.out}${cut.err}`).toContain('Nobody got the release')
  const releases = shop.releasesOn('shop-1')
  expect(releases).toHaveLength(1)
  expect(shop.releasesOn('shop-2')).toEqual([])

  shop.mend('cut-shop-2')
  const mended = await shop.run(...shipped)
  expect(mended.out).toContain('shop-1: has it already')
  expect(mended.out).toContain('shop-2: it is sent')
  expect(shop.releasesOn('shop-2')).toEqual(releases)
})

test('a deployer that is killed while it sends leaves no half release and no lock', { timeout: 120_000 }, async ({
  db,
}) => {
  const shop = projectWithHosts(db, ['shop-1'])
  shop.write('one')
  shop.writeFile('large.bin', randomBytes(2_000_000))
  shop.fault('hang-shop-1')
  const deployer = shop.begin(...shipped)
  const ended = once(deployer, 'exit')
  onTestFinished(() => void deployer.kill('SIGKILL'))
  await expect.poll(() => shop.happened('hangs-shop-1'), ends).toBe(true)

  deployer.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
  const locked = await shop.run(...shipped)
  shop.fault('go-on')
  await expect.poll(() => shop.happened('was-left-shop-1'), ends).toBe(true)

  expect(`${locked.out}${locked.err}`).toContain(`ama (process ${deployer.pid}) ships shop now`)
  expect(shop.releasesOn('shop-1')).toEqual([])
  shop.mend('hang-shop-1')
  await expect.poll(async () => (await shop.run(...shipped)).out, ends).toContain('shop-1: it is sent')
  expect(shop.releasesOn('shop-1')).toHaveLength(1)
})

test('hosts with different secrets get no release started, for a visitor would be another one on each', {
  timeout: 60_000,
}, async ({ db }) => {
  const shop = projectWithHosts(db, ['shop-1', 'shop-2', 'shop-3'])
  shop.write('one')
  const report = async (): Promise<void> => {
    for (const host of ['shop-1', 'shop-2'])
      await reportHost(db.pool, { service: 'shop', host, gateway: { secretMark: secretMarkOf(host) }, processes: [] })
  }
  const reporting = setInterval(() => void report().catch(() => {}), 500)
  onTestFinished(() => clearInterval(reporting))

  const ship = await shop.run(...shipped)

  clearInterval(reporting)
  expect(ship.code).toBe(1)
  expect(`${ship.out}${ship.err}`).toContain('The hosts shop-1, shop-2 have different secrets')
  const wanted = await db.pool.query('select 1 from sankofa.release_wanted')
  expect(wanted.rowCount).toBe(0)
})
