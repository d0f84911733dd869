import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { sankofa } from 'sankofa'
import { unitInterval } from 'sankofa/judge'
import { expect, onTestFinished, test, vi } from '#harness'
import { flags, serviceFeeBps } from './changes.ts'
import { openTestMarket } from './testing.ts'
import { underSankofa } from './under-sankofa.ts'

test('under Sankofa exactly the exposed customers meet the broken checkout, and events and cells say so', async ({
  db,
}) => {
  const directory = await mkdtemp(join(tmpdir(), 'market-test-'))
  const toolkit = sankofa({
    service: 'market',
    databaseUrl: db.url,
    directory,
    secret: 'the secret of subjects in this test',
    flags,
    tunables: [serviceFeeBps],
    log: pino({ level: 'silent' }),
    release: 'test',
  })
  await db.pool.query(
    `insert into sankofa.flag (flag, change_id, go_id, salt, stage, share) values ('demo-broken-checkout', 'demo-broken-checkout', 1, 'salt', 1, 0.5);
     insert into sankofa.watch (go_id, change_id, guards) values (1, 'demo-broken-checkout', '[{"id": "errors", "measure": "errors", "weight": 1}]')`,
  )
  await toolkit.start()
  const shop = await openTestMarket(db, { toolkit: underSankofa(toolkit), customers: 20 })
  onTestFinished(async () => {
    await shop.market.close()
    await rm(directory, { recursive: true, force: true })
  })

  const met: Record<string, number> = {}
  for (const [n, customer] of shop.customers.entries()) {
    const visitor = shop.customer(n)
    await visitor.request('PUT', '/cart/lines/1', { body: { quantity: 1 } })
    met[customer.id] = (await visitor.request('POST', '/checkout', { body: { currency: 'NGN' } })).status
  }
  await toolkit.stop()

  const exposed = (id: string): boolean => unitInterval('salt', toolkit.flagClient.subjectKey(id)) < 0.5
  expect(met).toEqual(Object.fromEntries(shop.customers.map(({ id }) => [id, exposed(id) ? 500 : 201])))
  expect(new Set(Object.values(met)).size).toBe(2)
  const harmed = Object.values(met).filter((status) => status === 500).length
  const { rows: events } = await db.pool.query(
    `select event.type, event.exposed_to::text as exposed_to, count(*)::int as n
       from sankofa.event as event where event.type in ('checkout.attempted', 'order.paid') group by 1, 2 order by 1, 2`,
  )
  expect(events).toEqual([
    { type: 'checkout.attempted', exposed_to: '{demo-broken-checkout}', n: harmed },
    { type: 'checkout.attempted', exposed_to: '{}', n: 20 - harmed },
    { type: 'order.paid', exposed_to: '{}', n: 20 - harmed },
  ])
  const { rows: cells } = await db.pool.query(
    `select cell.arm, sum(cell.n)::int as n, sum(cell.errors)::int as errors
       from sankofa.cell as cell where cell.route = 'POST /checkout' group by cell.arm order by cell.arm`,
  )
  expect(cells).toEqual([
    { arm: 'all', n: 20, errors: harmed },
    { arm: 'control', n: 20 - harmed, errors: 0 },
    { arm: 'exposed', n: harmed, errors: harmed },
  ])
})

test('a fee changed while the market runs is charged from the next checkout on', async ({ db }) => {
  const directory = await mkdtemp(join(tmpdir(), 'market-test-'))
  const toolkit = sankofa({
    service: 'market',
    databaseUrl: db.url,
    directory,
    secret: 'the secret of subjects in this test',
    flags,
    tunables: [serviceFeeBps],
    log: pino({ level: 'silent' }),
    release: 'test',
  })
  await toolkit.start()
  const shop = await openTestMarket(db, { toolkit: underSankofa(toolkit) })
  onTestFinished(async () => {
    await shop.market.close()
    await toolkit.stop()
    await rm(directory, { recursive: true, force: true })
  })
  const buy = async (): Promise<{ goods: { amount: string }; fee: { amount: string } }> => {
    const visitor = shop.customer(0)
    await visitor.request('PUT', '/cart/lines/2', { body: { quantity: 1 } })
    return (await visitor.request('POST', '/checkout', { body: { currency: 'NGN' } })).body as never
  }

  const before = await buy()
  await db.pool.query("insert into sankofa.tunable (tunable, value) values ('service-fee-bps', '250')")
  await vi.waitFor(() => expect(toolkit.value(serviceFeeBps)).toBe(250), { timeout: 3_000 })
  const after = await buy()

  expect(Number(before.fee.amount)).toBe(Math.round(Number(before.goods.amount) * 0.01))
  expect(Number(after.fee.amount)).toBe(Math.round(Number(after.goods.amount) * 0.025))
})
