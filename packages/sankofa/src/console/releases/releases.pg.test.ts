import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { changeId, type ReleaseId } from '../../core/index.ts'
import { createLease, shipLease } from '../../db/index.ts'
import { requestBack } from '../../journal/index.ts'
import { placeCurrent, registerRelease } from '../../release/index.ts'
import { createPerson, type ReleasesStatus } from '../index.ts'
import { ask, openConsole, signIn } from '../testing/open-console.ts'
import { openHouse } from '../testing/seed-house.ts'
import {
  aProcess,
  hostSays,
  manifestOf,
  newChange,
  newRelease,
  oldRelease,
  runningShip,
  seedReleases,
  shipSays,
} from '../testing/seed-releases.ts'

/** A console, and what it says of the releases to somebody who is signed in. */
async function openReleases(db: TestDatabase) {
  const { url, server } = await openConsole(db.pool)
  onTestFinished(() => server.stop())
  const cookie = await signIn(url, (await createPerson(db.pool, 'Ama')).token)
  const read = async () => (await (await ask(url, '/api/releases', cookie)).json()) as ReleasesStatus
  const readOne = async () => {
    const [service] = (await read()).services
    if (service === undefined) throw new Error('the console knows no service')
    return service
  }
  return { url, read, readOne }
}

test('nobody reads the releases without a session', async ({ db }) => {
  const { url } = await openReleases(db)

  expect((await ask(url, '/api/releases', '')).status).toBe(401)
})

test('where nothing was made, that is said', async ({ db }) => {
  const { read } = await openReleases(db)

  expect(await read()).toMatchObject({ sentence: 'No release has been made yet.', services: [], ships: [] })
})

test('what everybody gets, what goes out, on which hosts, and how old their reports are', async ({ db }) => {
  await seedReleases(openHouse(db.pool, Date.now()))
  const { read, readOne } = await openReleases(db)

  const market = await readOne()

  expect((await read()).sentence.replaceAll('\u00a0', ' ')).toBe(
    '5e0c11d2aa is given to 10 % of customers; everybody else gets a41c9e02b7.',
  )
  expect(market.current).toMatchObject({
    release: oldRelease,
    title: 'Sellers see what was sold today',
    madeBy: 'Ama',
    news: null,
    health: { state: 'ready', words: 'On accra-1 and kumasi-1.' },
  })
  expect(market.next).toMatchObject({
    release: newRelease,
    change: newChange,
    share: 0.1,
    stage: 2,
    size: { lines: 184, files: 9, migrations: 1, flags: 0, dependencies: 1 },
    news: { commits: 4, moreGroups: 0, missing: [] },
  })
  expect(market.next?.stages).toBeGreaterThan(2)
  expect(market.hosts.map(({ host, silent, gateway }) => [host, silent, gateway?.state, gateway?.inFlight])).toEqual([
    ['accra-1', false, 'ready', 9],
    ['kumasi-1', false, 'ready', 9],
  ])
  expect(market.hosts[0]?.ageMs).toBeLessThan(15_000)
  expect(market.hosts[0]?.processes[0]).toMatchObject({
    release: newRelease,
    state: 'ready',
    inFlight: 2,
    restarts: 0,
    error: null,
    startedInMs: 1_400,
    checks: [
      { path: '/health', status: 200, ms: 4 },
      { path: '/products', status: 200, ms: 31 },
    ],
  })
  expect(market.made.map(({ release }) => release)).toEqual(['d44f0a9be6', '93d2c7710a', 'e8810fbc21'])
})

test('a host that has been silent for 16 s takes its good word back', async ({ db }) => {
  await seedReleases(openHouse(db.pool, Date.now()))
  await hostSays(db.pool, 'kumasi-1', [aProcess(newRelease), aProcess(oldRelease)], 16_000)
  const { readOne } = await openReleases(db)

  const market = await readOne()

  expect(market.hosts.map(({ host, silent }) => [host, silent])).toEqual([
    ['accra-1', false],
    ['kumasi-1', true],
  ])
  expect(market.next?.health).toEqual({ state: 'unknown', words: 'Ready on accra-1; no word from kumasi-1.' })
})

test('a release that does not come up is told with its last words', async ({ db }) => {
  await seedReleases(openHouse(db.pool, Date.now()))
  const error = 'SyntaxError: Unexpected end of input'
  await hostSays(db.pool, 'accra-1', [
    aProcess(newRelease, { state: 'failed', error, restarts: 3 }),
    aProcess(oldRelease),
  ])
  const { readOne } = await openReleases(db)

  const market = await readOne()

  expect(market.next?.health).toEqual({ state: 'failed', words: 'Does not come up on accra-1.' })
  expect(market.hosts[0]?.processes.find(({ state }) => state === 'failed')).toMatchObject({ error, restarts: 3 })
})

test('since when everybody gets a release is told where it is known, and otherwise only before when', async ({
  db,
}) => {
  const house = openHouse(db.pool, Date.now())
  const { readOne } = await openReleases(db)
  await placeCurrent(db.pool, 'market', oldRelease)
  const placed = (await readOne()).current?.since
  expect(placed?.exact).toBe(true)
  expect(Math.abs(Date.parse(placed?.at ?? '') - Date.now())).toBeLessThan(15_000)

  await seedReleases(house)

  // It went out six minutes ago, beside what everybody had got before.
  const since = (await readOne()).current?.since
  expect(since?.exact).toBe(false)
  expect(Date.parse(since?.at ?? '')).toBeLessThan(house.nowMs - 6 * 60_000)
})

test('twenty of those made before are listed, with what became of them, and a manifest of tomorrow by its name', async ({
  db,
}) => {
  await seedReleases(openHouse(db.pool, Date.now()))
  for (let i = 0; i < 30; i += 1) {
    const manifest = manifestOf(`f${String(i).padStart(9, '0')}`)
    await registerRelease(db.pool, { manifest, size: 'large', news: [1, 2] })
  }
  await db.pool.query(
    `update sankofa.release as made set manifest = '{"format": 9}' where made.release_id = 'f000000029'`,
  )
  const { readOne } = await openReleases(db)

  const market = await readOne()

  expect(market.made).toHaveLength(20)
  expect(market.made[0]).toEqual({
    release: 'f000000029',
    title: null,
    author: null,
    madeAt: null,
    madeBy: null,
    from: null,
    size: null,
    news: null,
    became: '',
  })
  expect(market.made[1]).toMatchObject({ release: 'f000000028', title: 'Parcels by weight', size: null, news: null })
  // What runs is found however many were made since.
  expect(market.current?.title).toBe('Sellers see what was sold today')
})

test('a release that was taken back says so, and what waits to go is named', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedReleases(house)
  const waits = changeId('release-d44f0a9be6')
  const plan = { service: 'market', release: 'd44f0a9be6', before: oldRelease, digest: 'd', needs: [] }
  const proposed = {
    plan,
    title: 'Receipts',
    control: 'subjects',
    dependsOn: [],
    size: { unit: 'lines', n: 1 },
  } as const
  await house.journal.append({ change: waits, kind: 'release', type: 'proposed', actor: 'Ama', data: proposed })
  await requestBack(house.journal, { change: newChange, actor: 'Ama', reason: 'a wrong total' })
  const undone = { tookMs: 90, summary: 'Everybody gets a41c9e02b7 again.' }
  const why = { reason: 'a wrong total', cause: 'person' } as const
  await house.journal.append({ change: newChange, type: 'undoing', actor: 'watcher', data: why })
  await house.journal.append({ change: newChange, type: 'undone', actor: 'watcher', data: { undone } })
  await db.pool.query('update sankofa.release_split as split set next_release = null, share = 0')
  const { readOne } = await openReleases(db)

  const market = await readOne()

  expect(market.next).toBeNull()
  expect(market.waiting).toEqual([waits])
  expect(market.made.map(({ release, became }) => [release, became])).toEqual([
    [newRelease, 'Taken back'],
    ['d44f0a9be6', 'Not proved yet'],
    ['93d2c7710a', ''],
    ['e8810fbc21', ''],
  ])
})

test('the steps of ships are grouped by run, newest first, and new ones are there at the next look', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedReleases(house)
  await shipSays(house, 'first', [
    { step: 'test', title: 'Run the tests', state: 'begun', secondsAgo: 900 },
    { step: 'test', title: 'Run the tests', state: 'failed', tookMs: 4_000, detail: 'pays twice', secondsAgo: 896 },
  ])
  const { read } = await openReleases(db)
  expect((await read()).ships.map(({ run, state }) => [run, state])).toEqual([['first', 'failed']])

  await shipSays(house, 'second', runningShip)

  const [ship] = (await read()).ships
  expect(ship).toMatchObject({ run: 'second', change: newChange, actor: 'Ama', state: 'running' })
  expect(ship?.steps.map(({ step, state, tookMs }) => [step, state, tookMs])).toEqual([
    ['make', 'done', 26_400],
    ['propose', 'done', 40],
    ['audit', 'skipped', null],
    ['test', 'done', 71_800],
    ['size', 'done', 210],
    ['start', 'begun', null],
  ])
})

test('a ship is not interrupted for a long step while its deployer holds the lease', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedReleases(house)
  await shipSays(house, 'long', [{ step: 'test', title: 'Run the tests', state: 'begun', secondsAgo: 900 }])
  const { read } = await openReleases(db)
  expect((await read()).ships[0]?.state).toBe('interrupted')

  const lease = createLease(db.pool, { name: shipLease('market'), holder: 'Ama', ttlMs: 60_000 })
  const epoch = await lease.acquire()
  expect((await read()).ships[0]?.state).toBe('running')

  await lease.release(epoch ?? 0n)
  expect((await read()).ships[0]?.state).toBe('interrupted')
})

test('a host without a release, and a release without a host, are both a service that is known', async ({ db }) => {
  await hostSays(db.pool, 'accra-1', [])
  const other = { ...manifestOf('0000000001'), service: 'mail' }
  await registerRelease(db.pool, { manifest: other, size: undefined, news: undefined })
  await placeCurrent(db.pool, 'search', 'never-registered' as ReleaseId)
  const { read } = await openReleases(db)

  const { services } = await read()

  expect(
    services.map(({ service, current, hosts, made }) => [service, current?.release, hosts.length, made.length]),
  ).toEqual([
    ['mail', undefined, 0, 1],
    ['market', undefined, 1, 0],
    ['search', 'never-registered', 0, 0],
  ])
})
