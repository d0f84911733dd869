import { createDatabase, expect, test as plain } from '#harness'
import { openTestMarket, type TestMarket, testSecret } from '../testing.ts'
import { sign, signatureHeader } from './provider.ts'

const test = plain.extend<{ shop: TestMarket }>({
  shop: async ({ db }, use) => {
    // A provider that tells nothing by itself: the tests speak for it.
    const shop = await openTestMarket(db, { deliver: async () => 200 })
    await use(shop)
    await shop.market.close()
  },
})

async function startDeposit(shop: TestMarket, amount: string): Promise<string> {
  const reply = await shop.customer(0).request('POST', '/deposits', { body: { amount, currency: 'NGN' } })
  return (reply.body as { reference: string }).reference
}

const bodyOf = (reference: string, amount: string, currency = 'NGN'): string =>
  JSON.stringify({ id: 'one', event: 'charge.success', data: { reference, amount, currency } })

async function tell(
  shop: TestMarket,
  body: string,
  signature = sign(testSecret, Buffer.from(body)),
): Promise<{ status: number; body: unknown }> {
  const response = await shop.market.app.inject({
    method: 'POST',
    url: '/webhooks/deposits',
    headers: { 'content-type': 'application/json', [signatureHeader]: signature },
    payload: body,
  })
  return { status: response.statusCode, body: response.json() }
}

const available = async (shop: TestMarket): Promise<string | undefined> => {
  const { body } = await shop.customer(0).request('GET', '/wallets')
  return (body as readonly { currency: string; available: string }[]).find((wallet) => wallet.currency === 'NGN')
    ?.available
}

test('a deposit is credited once, however often and however simultaneously it is told', async ({ db, shop }) => {
  const before = BigInt((await available(shop)) ?? 0)
  const body = bodyOf(await startDeposit(shop, '5000'), '5000')

  const together = await Promise.all(Array.from({ length: 5 }, () => tell(shop, body)))
  const later = await tell(shop, body)

  expect([...together, later].map((told) => told.status)).toEqual(Array(6).fill(200))
  expect(together.filter((told) => (told.body as { outcome: string }).outcome === 'credited')).toHaveLength(1)
  expect(BigInt((await available(shop)) ?? 0)).toBe(before + 5_000n)
  expect(
    (await db.pool.query("select count(*)::int as n from sankofa.event where type = 'deposit.credited'")).rows[0].n,
  ).toBe(1)
})

test.each([
  ['none', ''],
  ['of another secret', 'other'],
  ['of another body', 'body'],
])('a wrong signature is refused and nothing is credited: %s', async (_name, kind) => {
  const db = await createDatabase()
  const shop = await openTestMarket(db, { deliver: async () => 200 })
  try {
    const before = await available(shop)
    const body = bodyOf(await startDeposit(shop, '5000'), '5000')
    const signature =
      { '': '', other: sign('another secret', Buffer.from(body)), body: sign(testSecret, Buffer.from(`${body} `)) }[
        kind
      ] ?? ''

    const told = await tell(shop, body, signature)

    expect(told).toMatchObject({ status: 401, body: { type: '/problems/wrong-signature' } })
    expect(await available(shop)).toBe(before)
  } finally {
    await shop.market.close()
    await db.drop()
  }
})

test('the signature is over the bytes: the same JSON written otherwise is refused', async ({ shop }) => {
  const body = bodyOf(await startDeposit(shop, '5000'), '5000')

  const told = await tell(shop, JSON.stringify(JSON.parse(body), undefined, 1), sign(testSecret, Buffer.from(body)))

  expect(told.status).toBe(401)
})

test('another amount or currency than was asked for is refused, and the right one is still taken afterwards', async ({
  shop,
}) => {
  const before = BigInt((await available(shop)) ?? 0)
  const reference = await startDeposit(shop, '5000')

  const wrong = [await tell(shop, bodyOf(reference, '5001')), await tell(shop, bodyOf(reference, '5000', 'USD'))]
  const right = await tell(shop, bodyOf(reference, '5000'))

  expect(wrong.map((told) => told.body)).toMatchObject([
    { type: '/problems/amount-mismatch' },
    { type: '/problems/amount-mismatch' },
  ])
  expect(right.body).toEqual({ outcome: 'credited' })
  expect(BigInt((await available(shop)) ?? 0)).toBe(before + 5_000n)
})

test('a signed body that is no charge, or names no deposit, moves nothing', async ({ shop }) => {
  expect((await tell(shop, '{"event":"charge.success"}')).status).toBe(400)
  expect((await tell(shop, 'not JSON')).status).toBe(400)
  expect((await tell(shop, bodyOf('dep-unknown', '5000'))).status).toBe(404)
})
