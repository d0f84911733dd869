import { pino } from 'pino'
import { expect, test } from '#harness'
import { buildMarket } from './market.ts'
import { seedCustomers } from './seed/customers.ts'
import { standIn } from './stand-in.ts'
import { openTestMarket, testSecret } from './testing.ts'
import { createVisitor } from './visitor.ts'

test('with no database at all, what needs none answers, and the rest says 503', async () => {
  const market = await buildMarket({
    // The discard port: nobody listens there.
    databaseUrl: 'postgres://nobody@127.0.0.1:9/nothing',
    toolkit: standIn(() => false),
    secret: testSecret,
    log: pino({ level: 'silent' }),
  })
  try {
    const visitor = createVisitor(market.app)
    const [customer] = seedCustomers(1, testSecret)
    if (customer === undefined) throw new Error('a customer was asked for')
    const signedIn = createVisitor(market.app, { customer, secret: testSecret })
    const statuses: Record<string, number> = { '/wallets': (await signedIn.request('GET', '/wallets')).status }
    for (const path of [
      '/health',
      '/shipping-zones',
      '/exchange-rates',
      '/openapi.json',
      '/products',
      '/search?q=rice',
    ]) {
      statuses[path] = (await visitor.request('GET', path)).status
    }

    expect(statuses).toEqual({
      '/wallets': 503,
      '/health': 200,
      '/shipping-zones': 200,
      '/exchange-rates': 200,
      '/openapi.json': 200,
      '/products': 503,
      '/search?q=rice': 503,
    })
    expect((await visitor.request('GET', '/products')).body).toMatchObject({ type: '/problems/database-away' })
  } finally {
    await market.close()
  }
})

test('connections cut in the middle of checkouts lose no money, and the market goes on by itself', {
  timeout: 60_000,
}, async ({ db }) => {
  const shop = await openTestMarket(db, { customers: 4 })
  try {
    const fill = (n: number) => shop.customer(n).request('PUT', '/cart/lines/1', { body: { quantity: 1 } })
    const pay = async (n: number, round: number): Promise<number> =>
      (
        await shop
          .customer(n)
          .request('POST', '/checkout', { body: { currency: 'NGN' }, key: `cut-short-${n}-${round}` })
      ).status
    const name = new URL(db.url).pathname.slice(1)
    let cut = 0
    const statuses: number[] = []
    for (let round = 0; round < 4; round++) {
      for (const n of shop.customers.keys()) await fill(n)
      const buying = Promise.all(shop.customers.map((_, n) => pay(n, round)))
      // Whatever is busy in a transaction at that moment, so that the cut surely lands in one.
      let under = true
      const over = buying.finally(() => {
        under = false
      })
      while (under && cut <= round) {
        const { rows } = await db.pool.query(
          `select pg_terminate_backend(activity.pid) from pg_stat_activity as activity
              where activity.datname = $1 and activity.application_name = 'market' and activity.xact_start is not null`,
          [name],
        )
        cut += rows.length
      }
      statuses.push(...(await over))
    }

    expect(cut).toBeGreaterThan(3)
    expect(statuses.some((status) => status >= 500)).toBe(true)
    await fill(0)
    expect(await pay(0, 99)).toBe(201)
    const { rows } = await db.pool.query(
      `select (select count(*)::int from market.shop_order) as orders,
              (select count(*)::int from sankofa.event where type = 'order.paid') as events,
              (select count(*)::int from ledger.hold where state = 'posted') as posted,
              (select count(*)::int from ledger.hold where state = 'open') as open,
              (select sum(1000 - stock)::int from market.product) as sold,
              (select sum(quantity)::int from market.order_line) as lines`,
    )
    const { orders, events, posted, open, sold, lines } = rows[0]
    expect({ events, posted, open, sold }).toEqual({ events: orders, posted: orders, open: 0, sold: lines })
  } finally {
    await shop.market.close()
  }
})
