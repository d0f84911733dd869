import { expect, test } from '#harness'
import { readStatus } from './index.ts'
import { seedBroken, seedChanges, seedWholeHouse } from './testing/scenes.ts'
import { openHouse, seedTraffic, seedWatcher } from './testing/seed-house.ts'

const attempts = [
  {
    name: 'checkout',
    attempted: 'checkout.attempted',
    completed: 'order.paid',
    owner: { couldNot: 'could not pay for orders' },
  },
]

test('an empty house is not known, never well', async ({ db }) => {
  const status = await readStatus(db.pool)

  expect(status).toMatchObject({
    verdict: 'unknown',
    culprit: null,
    changes: [],
    measuring: { ageMs: null, dropped: 0 },
  })
})

test('a quiet house with fresh measurements is well', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedWatcher(db.pool)
  await seedTraffic(house, { minutes: 70 })

  const status = await readStatus(db.pool, { attempts })

  expect(status.verdict).toBe('well')
  expect(status.signals.map((signal) => [signal.name, signal.state])).toEqual([
    ['failed', 'normal'],
    ['slow', 'normal'],
    ['completed', 'normal'],
    ['value', 'normal'],
  ])
})

test('measurements that stopped a minute ago are not good news', async ({ db }) => {
  const nowMs = Date.now()
  await seedWatcher(db.pool)
  await seedTraffic(openHouse(db.pool, nowMs), { minutes: 70, untilMs: nowMs - 80_000 })

  const status = await readStatus(db.pool, { attempts })

  expect(status.verdict).toBe('unknown')
  expect(status.measuring.ageMs).toBeGreaterThan(60_000)
})

test('a change that is out while nobody judges it is not known', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedTraffic(house, { minutes: 70 })
  await seedChanges(house)

  expect(await readStatus(db.pool, { attempts })).toMatchObject({ verdict: 'unknown', measuring: { watching: false } })
})

test('changes that go out without harm are watched, with their stage, undo and evidence', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedWatcher(db.pool)
  await seedTraffic(house, { minutes: 70 })
  await seedChanges(house)

  const status = await readStatus(db.pool, { attempts })

  expect(status.verdict).toBe('watching')
  expect(status.changes.find((change) => change.id === 'demo-good-sorting')).toMatchObject({
    kind: 'flag',
    state: 'exposed',
    stage: 2,
    share: 0.1,
    undoProved: true,
    evidence: { leading: 'business checkout', exposed: { subjects: 212, failures: 3 }, harmed: 3 },
    can: { go: false, hold: true, back: true },
  })
})

test('the culprit is named with its evidence, and recovery is said only after it was measured', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedWholeHouse(house)

  const recovered = await readStatus(db.pool, { attempts })

  expect(recovered).toMatchObject({ verdict: 'recovered', culprit: 'demo-broken-checkout', story: { harmed: 5 } })
  expect(recovered.story?.happened.replaceAll('\u00a0', ' ')).toBe(
    'Of those who had it, 36 % could not complete a checkout; of those who did not, 0.43 %.',
  )
  const undone = recovered.changes.find((change) => change.id === 'demo-broken-checkout')
  expect(undone?.now).toBe(`Taken back by itself. ${recovered.story?.happened}`)
})

test('what it cost is counted in the business events of those who had the change, and of nobody else', async ({
  db,
}) => {
  const house = openHouse(db.pool, Date.now())
  await seedWholeHouse(house)
  const at = new Date(house.nowMs - 2.2 * 60_000)
  await db.pool.query(
    `insert into sankofa.event (at, type, subject, actor, reference, amount, currency, exposed_to, hash)
     values ($1, 'checkout.attempted', 'c1', 'c1', 'cart-1', 9000000, 'NGN', array['demo-broken-checkout'], ''),
            ($1, 'checkout.attempted', 'c2', 'c2', 'cart-2', 9450000, 'NGN', array['demo-broken-checkout'], ''),
            ($1, 'checkout.attempted', 'c3', 'c3', 'cart-3', 100, 'NGN', array['demo-broken-checkout'], ''),
            ($1, 'order.paid', 'c3', 'c3', 'cart-3', 100, 'NGN', array['demo-broken-checkout'], ''),
            ($1, 'checkout.attempted', 'c4', 'c4', 'cart-4', 700, 'NGN', '{}', '')`,
    [at],
  )

  const status = await readStatus(db.pool, { attempts })

  expect(status.story?.cost).toBe('2 customers who had it could not pay for orders worth ₦184,500.')
})

test('just after the undo nobody says yet that all is normal', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedWatcher(db.pool)
  await seedTraffic(house, { minutes: 70 })
  await seedBroken(house, 0.05)

  expect(await readStatus(db.pool, { attempts })).toMatchObject({ verdict: 'hurting', culprit: 'demo-broken-checkout' })
})

test('failures that go on after the undo are told, not hidden by it', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedWatcher(db.pool)
  await seedTraffic(house, { minutes: 70, failing: (atMs) => (atMs > house.nowMs - 4 * 60_000 ? 0.2 : 0) })
  await seedBroken(house)

  expect(await readStatus(db.pool, { attempts })).toMatchObject({
    verdict: 'hurting',
    detail: expect.stringMatching(/^But more requests fail than usual.*: something else may be wrong too\.$/),
  })
})

test('harm without a culprit is told as such', async ({ db }) => {
  const house = openHouse(db.pool, Date.now())
  await seedWatcher(db.pool)
  await seedTraffic(house, { minutes: 70, failing: (atMs) => (atMs > house.nowMs - 4 * 60_000 ? 0.2 : 0) })

  const status = await readStatus(db.pool, { attempts })

  expect(status).toMatchObject({ verdict: 'hurting', culprit: null, story: null })
  expect(status.sentence).toContain('no change is named')
})
