import { expect, type TestDatabase, test } from '#harness'
import type { Alerter } from '../alerter.ts'
import { readIncidents } from '../incident.ts'
import { type Notice, readNotices } from '../notice.ts'
import { alerterOn, changeStory, checkouts, goodTraffic, type VirtualClock, virtualClock } from '../testing/shop.ts'
import { usesJargon, wordCount } from '../text/owner-words.ts'

const broken = 'demo-broken-checkout'

/** 23 exposed customers fail between second 3 and 30; each tries twice, ₦1,000.00 an order; all others pay. */
const twentyThree = Array.from({ length: 23 }, (_, n) => n).flatMap((n) =>
  [3 + n, 5 + n].map((second) => ({ second, who: `harmed-${n}`, exposedTo: broken, reference: `cart-${n}` })),
)

const said = async (db: TestDatabase, audience: Notice['audience']): Promise<readonly Notice[]> =>
  (await readNotices(db.pool, { audience })).toReversed()

async function tickFrom(alerter: Alerter, clock: VirtualClock, from: number, to: number, step = 15): Promise<void> {
  for (let second = from; second <= to; second += step) {
    clock.set(second)
    await alerter.tick()
  }
}

test('developers hear at once, the owner when the recovery was seen, each once, with the figures of the database', async ({
  db,
}) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await checkouts(db, [...goodTraffic(-1_200, 600), ...twentyThree])
  await story.exposed(0)
  await story.undone(30, 31)
  const alerters = [alerterOn(db, clock), alerterOn(db, clock)]

  clock.set(32)
  await Promise.all(alerters.map((alerter) => alerter.tick()))
  const atOnce = { developer: await said(db, 'developer'), owner: await said(db, 'owner') }
  for (let second = 35; second <= 400; second += 15) {
    clock.set(second)
    await Promise.all(alerters.map((alerter) => alerter.tick()))
  }

  expect(atOnce.developer.map((notice) => notice.subject)).toEqual(['demo-broken-checkout was taken back'])
  expect(atOnce.owner).toEqual([])
  const body = atOnce.developer[0]?.body ?? ''
  expect(body).toContain('What: flag "Broken checkout" by ama, started by ama, stage 1 of 1 (5 % of customers).')
  expect(body).toContain('23 of 41 exposed customers could not finish "checkout", 1 of 790 others did.')
  expect(body).toContain('Chance alone: 1 in 9,900; it is taken back at 1 in 99 (ln e-value 9.2 against 4.6).')
  expect(body).toContain('Undo: proved before it went out, in 0.0 s, nothing lost. It took 1.0 s')
  expect(body).toContain('first shown 14:20:00, noticed 14:20:30 (after 30 s), back 14:20:31 (after 1.0 s more)')
  expect(body).toContain('Next: sankofa why demo-broken-checkout')
  const owner = await said(db, 'owner')
  expect(owner.map((notice) => notice.body)).toEqual([
    'Checkout problem, fixed at 14:20. From 14:20, 23 customers could not pay for orders worth ₦23,000. Everyone is back on the previous checkout; payments have been normal for 3 minutes. You: nothing now.',
  ])
  expect((await said(db, 'developer')).map((notice) => notice.subject)).toEqual([
    'demo-broken-checkout was taken back',
    'demo-broken-checkout: back to normal since 14:20:31',
  ])
  expect(await independentCount(db)).toEqual({ customers: 23, worth: 2_300_000n })
  expect(await readIncidents(db.pool)).toMatchObject([
    { subject: `change:${broken}`, culprit: broken, state: 'recovered', data: { harmed: 23 } },
  ])
})

test('what goes on is told as still happening after five minutes, and as over once that was seen', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  const goesOn = Array.from({ length: 300 }, (_, n) => ({ second: 40 + 2 * n, who: `late-${n}` }))
  await checkouts(db, [...goodTraffic(-1_200, 30), ...twentyThree, ...goesOn, ...goodTraffic(640, 1_400)])
  await story.exposed(0)
  await story.undone(30, 31)
  const alerter = alerterOn(db, clock)

  await tickFrom(alerter, clock, 35, 329)
  const before = await said(db, 'owner')
  await tickFrom(alerter, clock, 330, 1_100)

  expect(before).toEqual([])
  expect((await said(db, 'owner')).map((notice) => notice.body)).toEqual([
    'Checkout problem, still happening at 14:25. Since 14:20, 23 customers could not pay for orders worth ₦23,000. Everyone is back on the previous checkout, but payments are not normal yet; the developers know. You: nothing now; the next message says when it is over.',
    'Checkout problem, now over: fixed at 14:30. From 14:20, 23 customers could not pay for orders worth ₦23,000. Everyone is back on the previous checkout; payments have been normal for 3 minutes. You: nothing now.',
  ])
})

test('where nobody tries afterwards, it is not called fixed', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await checkouts(db, [...goodTraffic(-1_200, 30), ...twentyThree])
  await story.exposed(0)
  await story.undone(30, 31)

  await tickFrom(alerterOn(db, clock), clock, 35, 1_200)

  const owner = await said(db, 'owner')
  expect(owner).toHaveLength(1)
  expect(owner[0]?.body).toContain('Whether payments are normal again is not known yet.')
  expect(await readIncidents(db.pool, { open: true })).toHaveLength(1)
})

test('a restart in the middle says nothing twice and forgets nothing', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await checkouts(db, [...goodTraffic(-1_200, 900), ...twentyThree])
  await story.exposed(0)
  await story.undone(30, 31)

  for (let second = 32; second <= 400; second += 16) {
    clock.set(second)
    await alerterOn(db, clock).tick()
  }

  expect([(await said(db, 'developer')).length, (await said(db, 'owner')).length]).toEqual([2, 1])
})

test('a harmless change that a person takes back is told to developers only', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db, 'demo-good-sorting')
  const someoneWithoutMoney = { second: 10, who: 'poor', exposedTo: 'demo-good-sorting' }
  await checkouts(db, [...goodTraffic(-1_200, 600), someoneWithoutMoney])
  await story.exposed(0)
  await story.undone(30, 31, { cause: 'person' })

  await tickFrom(alerterOn(db, clock), clock, 35, 500)

  expect((await said(db, 'developer')).map((notice) => notice.subject)).toEqual(['demo-good-sorting was taken back'])
  expect(await said(db, 'owner')).toEqual([])
  expect(await readIncidents(db.pool, { open: true })).toEqual([])
})

test('customers who were harmed are told of although a person, not the judge, took the change back', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await checkouts(db, [...goodTraffic(-1_200, 600), ...twentyThree])
  await story.exposed(0)
  await story.undone(30, 31, { cause: 'person' })

  await tickFrom(alerterOn(db, clock), clock, 35, 300)

  expect((await said(db, 'owner'))[0]?.body).toContain('23 customers could not pay')
})

test('a customer who failed, tried again while exposed and got through is not counted', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  const secondTry = [
    { second: 10, who: 'lucky', exposedTo: broken, reference: 'cart-l' },
    { second: 14, who: 'lucky', exposedTo: broken, reference: 'cart-l', paidAfterS: 1 },
  ]
  await checkouts(db, [...goodTraffic(-1_200, 600), ...twentyThree, ...secondTry])
  await story.exposed(0)
  await story.undone(30, 31)

  await tickFrom(alerterOn(db, clock), clock, 35, 300)

  expect((await said(db, 'owner'))[0]?.body).toContain('23 customers could not pay for orders worth ₦23,000.')
})

test('several currencies are told each in its own, and a missing amount makes it a lower bound', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  const mixed = [
    { second: 5, who: 'a', exposedTo: broken, amount: 1_250n, currency: 'USD' },
    { second: 6, who: 'b', exposedTo: broken, amount: 50_000n },
    { second: 7, who: 'c', exposedTo: broken, amount: null },
  ]
  await checkouts(db, [...goodTraffic(-1_200, 600), ...mixed])
  await story.exposed(0)
  await story.undone(30, 31, { harmed: 3 })

  await tickFrom(alerterOn(db, clock), clock, 35, 300)

  expect((await said(db, 'owner'))[0]?.body).toContain(
    '3 customers could not pay for orders worth at least ₦500 and $12.50.',
  )
})

test('pages that failed, without any checkout lost, are told in plain words and without a made-up worth', async ({
  db,
}) => {
  const clock = virtualClock()
  const story = changeStory(db, 'demo-slow-search')
  await story.exposed(0)
  await story.undone(30, 31, { leading: 'errors', harmed: 7 })

  await tickFrom(alerterOn(db, clock), clock, 35, 400)

  const [owner] = await said(db, 'owner')
  expect(owner?.body).toContain(
    'Problem with the shop, still happening at 14:25. Since 14:20, 7 customers met a page that failed. What that was worth is not known yet.',
  )
  expect(owner?.body).toContain('Whether visits are normal again is not known yet.')
})

test('a change that waits for a person says what is asked, and is over when it was decided', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await story.exposed(0)
  await story.append(60, 'held', {
    reason: 'Undecided after 9 min.',
    ask: 'Go on, or take it back?',
    cause: 'deadline',
  })
  const alerter = alerterOn(db, clock, { publicUrl: 'https://console.example.com' })

  await tickFrom(alerter, clock, 61, 70)
  const open = await readIncidents(db.pool, { open: true })
  await story.append(80, 'resumed', { reason: 'ama says so' })
  await tickFrom(alerter, clock, 81, 90)

  const [notice] = await said(db, 'developer')
  expect(notice?.body).toContain(
    'Asked: Go on, or take it back?\nNext: sankofa go demo-broken-checkout, or sankofa back demo-broken-checkout\nScreen: https://console.example.com',
  )
  expect(open).toHaveLength(1)
  expect(await readIncidents(db.pool, { open: true })).toEqual([])
  expect(await said(db, 'developer')).toHaveLength(1)
})

test('the owner hears after five minutes of a change that waits while it harms', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await checkouts(db, [...goodTraffic(-1_200, 600), ...twentyThree])
  await story.exposed(0)
  await story.append(60, 'held', { reason: 'A new kind of error.', ask: 'Go on?', cause: 'new-error' })

  await tickFrom(alerterOn(db, clock), clock, 61, 400)

  const owner = await said(db, 'owner')
  expect(owner).toHaveLength(1)
  expect(owner[0]?.body).toContain('still shown to 5 % of customers; the developers were asked to decide at 14:21.')
})

test('an undo that does not end is told with the step that fails', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await story.exposed(0)
  await story.append(30, 'undoing', { reason: 'ama asked for it', cause: 'person' })
  await story.append(35, 'step-failed', { step: 'undo', error: 'the gateway does not answer' })

  await tickFrom(alerterOn(db, clock), clock, 36, 60)

  const [notice] = await said(db, 'developer')
  expect(notice?.subject).toBe('demo-broken-checkout is not taken back yet')
  expect(notice?.body).toContain('Step "undo" has failed 1 time: the gateway does not answer')
})

test('no message to an owner in any of these stories is longer than 90 words or speaks jargon', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await checkouts(db, [...goodTraffic(-1_200, 30), ...twentyThree])
  await story.exposed(0)
  await story.append(30, 'undoing', { reason: 'rollback of the flag', cause: 'person' })

  await tickFrom(alerterOn(db, clock), clock, 36, 700)

  const owner = await said(db, 'owner')
  expect(owner).toHaveLength(1)
  for (const notice of owner) {
    expect(wordCount(notice.body)).toBeLessThanOrEqual(90)
    expect(usesJargon(notice.subject + notice.body)).toBe(false)
  }
})

test('what happened more than a day ago is told to nobody', async ({ db }) => {
  const clock = virtualClock()
  const story = changeStory(db)
  await story.exposed(0)
  await story.undone(30, 31)

  clock.set(25 * 60 * 60)
  await alerterOn(db, clock).tick()

  expect(await readNotices(db.pool)).toEqual([])
})

/** The same figures in other words: subjects with an exposed attempt and no payment by the end, one worth a cart. */
async function independentCount(db: TestDatabase): Promise<{ readonly customers: number; readonly worth: bigint }> {
  const { rows } = await db.pool.query<{ customers: number; worth: string }>(`
    with tried as (
      select distinct subject, reference, amount from sankofa.event where type = 'checkout.attempted' and '${broken}' = any (exposed_to)
    ), paid as (
      select distinct subject from sankofa.event where type = 'order.paid'
    )
    select count(distinct subject)::int as customers, sum(amount)::text as worth from tried where subject not in (select subject from paid)`)
  return { customers: rows[0]?.customers ?? -1, worth: BigInt(rows[0]?.worth ?? -1) }
}
