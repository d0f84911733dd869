import { request } from 'undici'
import { createDatabase, expect, test, vi } from '#harness'
import { flags } from '../changes.ts'
import { type FlagName, faultNames } from '../flag-names.ts'
import { sessionCookie } from '../seed/customers.ts'
import { standIn } from '../stand-in.ts'
import { openTestMarket, type TestMarket, testSecret } from '../testing.ts'
import type { Reply } from '../visitor.ts'

const withShop = async (
  db: Parameters<typeof openTestMarket>[0],
  options: Parameters<typeof openTestMarket>[1],
  use: (shop: TestMarket) => Promise<void>,
) => {
  const shop = await openTestMarket(db, options)
  try {
    await use(shop)
  } finally {
    await shop.market.close()
  }
}

const buy = async (shop: TestMarket, n: number): Promise<Reply> => {
  const visitor = shop.customer(n)
  await visitor.request('PUT', '/cart/lines/1', { body: { quantity: 1 } })
  return visitor.request('POST', '/checkout', { body: { currency: 'NGN' } })
}

/** Only the first customer is exposed. */
const exposeFirst = (name: FlagName) => ({
  toolkit: standIn((flag, subject) => flag === name && subject === 'customer-00001'),
})

test('demo-broken-checkout fails every exposed checkout and no other, and the attempt is known with its worth', async ({
  db,
}) => {
  await withShop(db, exposeFirst('demo-broken-checkout'), async (shop) => {
    const exposed = await buy(shop, 0)
    const other = await buy(shop, 1)

    expect([exposed.status, other.status]).toEqual([500, 201])
    expect(JSON.stringify(exposed.body)).not.toContain('demo-broken')
    const { rows } = await db.pool.query(
      "select type, amount from sankofa.event where type in ('checkout.attempted', 'order.paid') order by id",
    )
    expect(rows.map((row) => row.type)).toEqual(['checkout.attempted', 'checkout.attempted', 'order.paid'])
    expect(new Set(rows.map((row) => row.amount)).size).toBe(1)
  })
})

test('demo-bad-checkout fails one exposed checkout in ten and makes the others 1.5 to 2 times as slow', async ({
  db,
}) => {
  let next = 0.05
  const options = { ...exposeFirst('demo-bad-checkout'), chance: () => next }
  await withShop(db, options, async (shop) => {
    expect((await buy(shop, 0)).status).toBe(500)
    next = 0.0999
    expect((await buy(shop, 0)).status).toBe(500)
    next = 0.1
    expect((await buy(shop, 0)).status).toBe(201)

    next = 0.99
    const timed = async (n: number): Promise<number> => {
      const startedMs = performance.now()
      expect((await buy(shop, n)).status).toBe(201)
      return performance.now() - startedMs
    }
    const times = { exposed: [] as number[], other: [] as number[] }
    for (let round = 0; round < 15; round++) {
      times.exposed.push(await timed(0))
      times.other.push(await timed(1))
    }
    // The quickest of each: a busy machine only ever adds. The putting into the cart, which is not slowed, is in both.
    expect(Math.min(...times.exposed) / Math.min(...times.other)).toBeGreaterThan(1.25)
  })
})

test('demo-slow-search gives the same answer, two to three times as slowly', async ({ db }) => {
  await withShop(db, exposeFirst('demo-slow-search'), async (shop) => {
    const [exposed, other] = [shop.customer(0), shop.customer(1)]
    const words = ['coffee', 'phone charger', 'solar', 'rice', 'cotton']
    const ratios: number[] = []
    for (let round = 0; round < 15; round++) {
      const path = `/search?q=${encodeURIComponent(words[round % words.length] ?? '')}`
      const startedMs = performance.now()
      const slow = await exposed.request('GET', path)
      const middleMs = performance.now()
      const quick = await other.request('GET', path)
      ratios.push((middleMs - startedMs) / (performance.now() - middleMs))
      expect(slow.body).toEqual(quick.body)
    }
    const median = ratios.sort((a, b) => a - b)[7] ?? 0
    expect(median).toBeGreaterThan(1.4)
  })
})

test('demo-hang never answers, ends when the client leaves, and keeps no connection to PostgreSQL meanwhile', async ({
  db,
}) => {
  await withShop(db, exposeFirst('demo-hang'), async (shop) => {
    await shop.customer(0).request('PUT', '/cart/lines/1', { body: { quantity: 1 } })
    const url = await shop.market.app.listen({ host: '127.0.0.1', port: 0 })
    const { name, value } = sessionCookie(shop.customers[0]?.token ?? '', testSecret)
    const leaving = new AbortController()
    const answers = Array.from({ length: 20 }, () =>
      request(`${url}/checkout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: `${name}=${value}` },
        body: '{"currency":"NGN"}',
        signal: leaving.signal,
      }).then(
        () => 'answered',
        (error: Error) => error.name,
      ),
    )
    const attempts = async () =>
      (await db.pool.query("select count(*)::int as n from sankofa.event where type = 'checkout.attempted'")).rows[0].n
    await vi.waitFor(async () => expect(await attempts()).toBe(20), { timeout: 10_000 })
    const open = () =>
      new Promise<number>((resolve, reject) =>
        shop.market.app.server.getConnections((error, n) => (error === null ? resolve(n) : reject(error))),
      )

    await vi.waitFor(() => expect(shop.market.pool.idleCount).toBe(shop.market.pool.totalCount))
    expect(await open()).toBe(20)
    // The others are served all the while.
    expect((await buy(shop, 1)).status).toBe(201)
    leaving.abort()

    expect(await Promise.all(answers)).toEqual(Array(20).fill('AbortError'))
    await vi.waitFor(async () => expect(await open()).toBe(0))
  })
})

test('demo-hang lets go of a client who never leaves, without an answer', async ({ db }) => {
  await withShop(db, { ...exposeFirst('demo-hang'), hangsAtMostMs: 300 }, async (shop) => {
    await shop.customer(0).request('PUT', '/cart/lines/1', { body: { quantity: 1 } })
    const url = await shop.market.app.listen({ host: '127.0.0.1', port: 0 })
    const { name, value } = sessionCookie(shop.customers[0]?.token ?? '', testSecret)

    const answer = request(`${url}/checkout`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: `${name}=${value}` },
      body: '{"currency":"NGN"}',
    })

    await expect(answer).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
  })
})

test.each(faultNames)('with the faults switched off, %s behaves like the old path', async (name) => {
  const db = await createDatabase()
  try {
    await withShop(db, { ...exposeFirst(name), faults: 'off', chance: () => 0 }, async (shop) => {
      expect((await buy(shop, 0)).status).toBe(201)
    })
  } finally {
    await db.drop()
  }
})

test('the harmless changes give the same figures by other code', async ({ db }) => {
  await withShop(
    db,
    { toolkit: standIn((flag, subject) => flag.startsWith('demo-good') && subject === 'customer-00001') },
    async (shop) => {
      const [exposed, other] = [shop.customer(0), shop.customer(1)]
      for (const visitor of [exposed, other]) {
        for (const product of [5, 9]) await visitor.request('PUT', `/cart/lines/${product}`, { body: { quantity: 2 } })
      }
      const orders = await Promise.all(
        [exposed, other].map((visitor) => visitor.request('POST', '/checkout', { body: { currency: 'NGN' } })),
      )
      const [dearestFirst, plain] = orders.map((order) => order.body as { receipt: string[]; total: object })
      const pages = await Promise.all([exposed, other].map((visitor) => visitor.request('GET', '/products?page=3')))
      const advice = await Promise.all(
        [exposed, other].map((visitor) => visitor.request('GET', '/products/5/recommendations')),
      )

      expect(dearestFirst?.total).toEqual(plain?.total)
      expect(dearestFirst?.receipt).toEqual(expect.arrayContaining(plain?.receipt ?? []))
      expect(dearestFirst?.receipt).toContain('Thank you for shopping with us.')
      expect(pages.map((page) => page.status)).toEqual([200, 200])
      expect(pages[0]?.body).toEqual(pages[1]?.body)
      expect(advice.map((reply) => [reply.status, (reply.body as unknown[]).length])).toEqual([
        [200, 4],
        [200, 4],
      ])
      expect(advice[0]?.body).toMatchObject([{ id: '9' }, {}, {}, {}])
    },
  )
})

test('every demonstration is declared with an owner, an expiry and a proof', () => {
  expect(flags.map((flag) => [flag.id, flag.owner !== '', flag.proof !== undefined])).toEqual(
    flags.map((flag) => [flag.id, true, true]),
  )
  expect(flags).toHaveLength(7)
})
