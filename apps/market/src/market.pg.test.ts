import * as ledger from '@sankofa/ledger'
import { createDatabase, expect, test as plain } from '#harness'
import { openTestMarket, type TestMarket } from './testing.ts'
import { createVisitor } from './visitor.ts'

const test = plain.extend<{ shop: TestMarket }>({
  shop: async ({ db }, use) => {
    const shop = await openTestMarket(db)
    await use(shop)
    await shop.market.close()
  },
})

test('from registration to a paid order, and every event says the same as the ledger', async ({ db, shop }) => {
  const visitor = createVisitor(shop.market.app)

  const registered = await visitor.request('POST', '/register', {
    body: { name: 'Ama Mensah', email: 'ama@example.com', password: 'long enough 1' },
  })
  const deposit = await visitor.request('POST', '/deposits', { body: { amount: '10000000', currency: 'NGN' } })
  await shop.market.provider.idle()
  await visitor.request('PUT', '/cart/lines/1', { body: { quantity: 2 } })
  const order = await visitor.request('POST', '/checkout', { body: { currency: 'NGN' }, key: 'order-one' })

  expect([registered.status, deposit.status, order.status]).toEqual([201, 202, 201])
  const { rows } = await db.pool.query(
    `select event.type, event.reference, event.amount, event.state_before->>'wallet' as before, event.state_after->>'wallet' as after
       from sankofa.event as event order by event.id`,
  )
  expect(rows.map((row) => row.type)).toEqual([
    'user.registered',
    'deposit.started',
    'deposit.credited',
    'cart.line-put',
    'checkout.attempted',
    'order.paid',
  ])
  const statement = await visitor.request('GET', '/wallets/NGN/statement')
  const lines = statement.body as readonly { amount: string; balanceBefore: string; balanceAfter: string }[]
  const [paid, credited] = lines
  expect(rows[2]).toMatchObject({ before: credited?.balanceBefore, after: credited?.balanceAfter, amount: 10_000_000n })
  expect(rows[5]).toMatchObject({ before: paid?.balanceBefore, after: paid?.balanceAfter, reference: 'order-one' })
  expect(rows[5].amount).toBe(rows[4].amount)
  expect(-BigInt(paid?.amount ?? 0)).toBe(rows[5].amount)
  expect(await ledger.verify(db.pool)).toMatchObject({ ok: true })
})

test('an order that costs more than the wallet has is refused, and nothing has happened', async ({ db, shop }) => {
  const visitor = shop.customer(0)
  await visitor.request('PUT', '/cart/lines/4', { body: { quantity: 20 } })
  const before = (await db.pool.query('select sum(product.stock)::int as stock from market.product as product')).rows[0]
  for (let n = 0; n < 2; n++) await visitor.request('PUT', `/cart/lines/${16 + n}`, { body: { quantity: 20 } })

  const refused = await visitor.request('POST', '/checkout', { body: { currency: 'NGN' } })

  expect(refused.status).toBe(402)
  expect(refused.headers['content-type']).toContain('application/problem+json')
  expect(refused.body).toMatchObject({ type: '/problems/insufficient-funds', status: 402 })
  expect(
    (await db.pool.query('select sum(product.stock)::int as stock from market.product as product')).rows[0],
  ).toEqual(before)
  expect((await db.pool.query('select count(*)::int as n from market.shop_order')).rows[0].n).toBe(0)
})

test('two customers check out the last one at once: one gets it', async ({ db, shop }) => {
  await db.pool.query('update market.product set stock = 1 where id = 7')
  const visitors = [shop.customer(0), shop.customer(1)]
  for (const visitor of visitors) await visitor.request('PUT', '/cart/lines/7', { body: { quantity: 1 } })

  const replies = await Promise.all(
    visitors.map((visitor) => visitor.request('POST', '/checkout', { body: { currency: 'NGN' } })),
  )

  expect(replies.map((reply) => reply.status).sort()).toEqual([201, 409])
  expect(replies.find((reply) => reply.status === 409)?.body).toMatchObject({ type: '/problems/out-of-stock' })
  expect((await db.pool.query('select stock from market.product where id = 7')).rows[0].stock).toBe(0)
})

test('many customers check out the same things in different order, and nobody waits for anybody in a ring', async ({
  db,
}) => {
  const shop = await openTestMarket(db, { customers: 12 })
  try {
    const replies = await Promise.all(
      shop.customers.map(async (_, n) => {
        const visitor = shop.customer(n)
        const products = n % 2 === 0 ? [10, 11, 12] : [12, 11, 10]
        for (const product of products)
          await visitor.request('PUT', `/cart/lines/${product}`, { body: { quantity: 1 } })
        return visitor.request('POST', '/checkout', { body: { currency: 'USD' } })
      }),
    )
    expect(replies.map((reply) => reply.status)).toEqual(Array(12).fill(201))
    expect(await ledger.verify(db.pool)).toMatchObject({ ok: true })
  } finally {
    await shop.market.close()
  }
})

test('a checkout tried again with its key pays once, also when both arrive at once', async ({ db, shop }) => {
  const visitor = shop.customer(0)
  await visitor.request('PUT', '/cart/lines/3', { body: { quantity: 1 } })

  const replies = await Promise.all(
    [1, 2].map(() => visitor.request('POST', '/checkout', { body: { currency: 'NGN' }, key: 'the same key' })),
  )
  const later = await visitor.request('POST', '/checkout', { body: { currency: 'NGN' }, key: 'the same key' })

  const ids = [...replies, later].map((reply) => (reply.body as { id: string }).id)
  expect(new Set(ids).size).toBe(1)
  expect(later.status).toBe(200)
  expect(later.headers['idempotent-replay']).toBe('true')
  expect((await db.pool.query('select count(*)::int as n from market.shop_order')).rows[0].n).toBe(1)
})

test('an empty cart and a product that is not there are told plainly', async ({ shop }) => {
  const visitor = shop.customer(0)

  expect((await visitor.request('POST', '/checkout', { body: { currency: 'NGN' } })).body).toMatchObject({
    type: '/problems/cart-empty',
  })
  expect((await visitor.request('PUT', '/cart/lines/999999', { body: { quantity: 1 } })).status).toBe(404)
  expect((await visitor.request('GET', '/nowhere')).body).toMatchObject({ type: '/problems/not-found', status: 404 })
})

test.each([
  ['a number as text', { quantity: '5' }],
  ['a fraction', { quantity: 1.5 }],
  ['less than one', { quantity: 0 }],
  ['a field that nobody asked for', { quantity: 1, price: 1 }],
])('a quantity that is %s is refused', async (_name, body) => {
  const db = await createDatabase()
  const shop = await openTestMarket(db)
  try {
    expect((await shop.customer(0).request('PUT', '/cart/lines/1', { body })).body).toMatchObject({
      type: '/problems/bad-request',
      status: 400,
    })
  } finally {
    await shop.market.close()
    await db.drop()
  }
})

test('without a session nothing of a customer can be seen, and a forged cookie is none', async ({ shop }) => {
  const stranger = createVisitor(shop.market.app)
  const forged = createVisitor(shop.market.app, {
    customer: shop.customers[0] ?? { id: '', name: '', email: '', token: '' },
    secret: 'not the secret of this market',
  })

  for (const visitor of [stranger, forged]) {
    for (const path of ['/wallets', '/orders', '/cart', '/me', '/wallets/NGN/statement']) {
      expect((await visitor.request('GET', path)).status).toBe(401)
    }
  }
})

test('one customer does not see the order or the deposit of another', async ({ shop }) => {
  const [ama, kofi] = [shop.customer(0), shop.customer(1)]
  await ama.request('PUT', '/cart/lines/1', { body: { quantity: 1 } })
  const order = (await ama.request('POST', '/checkout', { body: { currency: 'NGN' } })).body as { id: string }
  const deposit = (await ama.request('POST', '/deposits', { body: { amount: '100', currency: 'NGN' } })).body as {
    reference: string
  }

  expect((await ama.request('GET', `/orders/${order.id}`)).status).toBe(200)
  expect((await kofi.request('GET', `/orders/${order.id}`)).status).toBe(404)
  expect((await kofi.request('GET', `/deposits/${deposit.reference}`)).status).toBe(404)
})

test('a seeded customer signs in with the password, stays signed in by cookie, and signs out', async ({ shop }) => {
  const visitor = createVisitor(shop.market.app)

  const wrong = await visitor.request('POST', '/sign-in', {
    body: { email: 'customer-00001@example.com', password: 'a wrong password' },
  })
  const right = await visitor.request('POST', '/sign-in', {
    body: { email: 'customer-00001@example.com', password: 'sankofa demonstration' },
  })
  const me = await visitor.request('GET', '/me')
  const out = await visitor.request('POST', '/sign-out')

  expect([wrong.status, right.status, me.status, out.status]).toEqual([401, 200, 200, 204])
  expect(me.body).toMatchObject({ id: 'customer-00001' })
  expect((await visitor.request('GET', '/me')).status).toBe(401)
})

test('the same e-mail cannot be registered twice', async ({ shop }) => {
  const visitor = createVisitor(shop.market.app)

  const taken = await visitor.request('POST', '/register', {
    body: { name: 'x', email: 'customer-00001@example.com', password: 'long enough 1' },
  })

  expect(taken.body).toMatchObject({ type: '/problems/already-registered', status: 409 })
})

test('a text that PostgreSQL cannot keep is the sender’s mistake, not a failure of the market', async ({ shop }) => {
  const visitor = shop.customer(0)

  const replies = [
    await visitor.request('GET', '/search?q=%00'),
    await visitor.request('GET', '/products?category=%00'),
    await visitor.request('GET', '/deposits/%00'),
    await visitor.request('POST', '/register', {
      body: { name: 'a\0', email: 'nul@example.com', password: 'long enough 1' },
    }),
    await visitor.request('POST', '/sign-in', { body: { email: 'nul\0@example.com', password: 'long enough 1' } }),
  ]

  expect(replies.map((reply) => reply.status)).toEqual([400, 400, 400, 400, 400])
})

test('a body that comes a byte at a time is not waited for for ever', async ({ shop }) => {
  const { server } = shop.market.app

  expect(server.requestTimeout).toBeGreaterThan(0)
  expect(server.headersTimeout).toBeGreaterThan(0)
})

test('OpenAPI describes every route, and its problems', async ({ shop }) => {
  const { body } = await createVisitor(shop.market.app).request('GET', '/openapi.json')

  const paths = Object.keys((body as { paths: object }).paths)
  expect(paths).toEqual(
    expect.arrayContaining([
      '/checkout',
      '/products',
      '/search',
      '/wallets',
      '/deposits',
      '/webhooks/deposits',
      '/register',
      '/orders/{id}',
      '/health',
    ]),
  )
  expect(JSON.stringify(body)).toContain('"4XX"')
})
