import fc from 'fast-check'
import type pg from 'pg'
import { expect, type TestDatabase, test } from '#harness'
import { inTransaction } from '../db/index.ts'
import { createEventWriter, type NewEvent, readEvents, verifyEvents } from './index.ts'

const writer = createEventWriter({
  subjectKey: (id) => `key-of-${id}`,
  release: 'r1',
  context: () => ({ requestId: 'request-1', exposedTo: ['demo-broken-checkout'] }),
})

const paid = (subject: string, more: Partial<NewEvent> = {}): NewEvent => ({
  type: 'order.paid',
  subject,
  actor: subject,
  ...more,
})

const write = (db: TestDatabase, ...events: readonly NewEvent[]): Promise<bigint[]> =>
  inTransaction(db.pool, async (client) => {
    const ids: bigint[] = []
    for (const event of events) ids.push(await writer.record(client, event))
    return ids
  })

test('an event keeps what it was told, and the hash of the subject instead of its id', async ({ db }) => {
  const [id] = await write(
    db,
    paid('ama', {
      reference: 'order-1',
      amount: 9_007_199_254_740_993n,
      currency: 'NGN',
      before: { balance: 5n },
      after: { balance: 1n, at: new Date(0) },
      data: { lines: [1, 2.5, 'x', null, true] },
    }),
  )

  const [event] = await readEvents(db.pool)

  expect(event).toEqual({
    id,
    at: expect.any(Date),
    type: 'order.paid',
    subject: 'key-of-ama',
    actor: 'key-of-ama',
    reference: 'order-1',
    amount: 9_007_199_254_740_993n,
    currency: 'NGN',
    before: { balance: '5' },
    after: { balance: '1', at: '1970-01-01T00:00:00.000Z' },
    data: { lines: [1, 2.5, 'x', null, true] },
    requestId: 'request-1',
    release: 'r1',
    exposedTo: ['demo-broken-checkout'],
  })
})

test('whatever is written is found sound', async ({ db }) => {
  const json = fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 3 })
  const event = fc.record(
    {
      type: fc.constantFrom('a', 'b'),
      subject: fc.constantFrom('ama', 'kofi', 'esi'),
      actor: fc.string({ unit: 'grapheme' }),
      reference: fc.string({ unit: 'grapheme' }),
      amount: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      currency: fc.constantFrom('NGN', 'USD'),
      before: json,
      after: json,
      data: fc.dictionary(fc.string({ unit: 'grapheme' }), json),
    },
    { requiredKeys: ['type', 'subject', 'actor'] },
  )
  let written = 0n

  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 5 }), async (events) => {
      try {
        await write(db, ...(events as readonly NewEvent[]))
        written += BigInt(events.length)
      } catch (error) {
        // Random text may hold a NUL or be named "pin"; what is refused must leave nothing behind.
        expect(error).toMatchObject({ code: expect.stringMatching(/^EVENT_/) })
      }
      expect(await verifyEvents(db.pool)).toMatchObject({ ok: true, events: written })
    }),
    { numRuns: 60 },
  )
  expect(written).toBeGreaterThan(60n)
})

test('forty writers of one subject at once make one unbroken chain', async ({ db }) => {
  await Promise.all(Array.from({ length: 40 }, (_, n) => write(db, paid('ama', { reference: `order-${n}` }))))

  const verified = await verifyEvents(db.pool)

  expect(verified).toEqual({ ok: true, events: 40n, subjects: 1n, seals: 0n })
})

test('a transaction that is rolled back leaves neither the fact nor the event, and the chain goes on', async ({
  db,
}) => {
  await db.pool.query('create table public.fact (n int)')
  await write(db, paid('ama'))

  await expect(
    inTransaction(db.pool, async (client) => {
      await client.query('insert into public.fact values (1)')
      await writer.record(client, paid('ama'))
      throw new Error('payment refused')
    }),
  ).rejects.toThrow('payment refused')
  await write(db, paid('ama'))

  expect((await db.pool.query('select from public.fact')).rowCount).toBe(0)
  expect(await verifyEvents(db.pool)).toMatchObject({ ok: true, events: 2n })
})

test('a connection killed between fact and commit loses both', async ({ db }) => {
  await db.pool.query('create table public.fact (n int)')
  const client = await db.pool.connect()
  client.on('error', () => {})
  await client.query('begin')
  await client.query('insert into public.fact values (1)')
  await writer.record(client, paid('ama'))

  const killed = await db.pool.query<{ done: boolean }>('select pg_terminate_backend($1::int) as done', [pidOf(client)])
  try {
    // Told by PostgreSQL or by the socket while it is sent, or known to the driver before: for the same reason each time.
    await expect(client.query('commit')).rejects.toThrow(/terminat|not queryable|ECONNRESET|EPIPE/i)
  } finally {
    client.release(true)
  }
  expect(killed.rows).toEqual([{ done: true }])
  const left = await db.pool.query(
    'select (select count(*) from public.fact)::int + (select count(*) from sankofa.event)::int as n',
  )
  expect(left.rows).toEqual([{ n: 0 }])
})

const pidOf = (client: pg.PoolClient): number | undefined =>
  'processID' in client && typeof client.processID === 'number' ? client.processID : undefined

test('a secret in an event fails before anything is sent', async ({ db }) => {
  const attempt = write(db, paid('ama', { data: { cardNumber: '4111111111111111' } }))

  await expect(attempt).rejects.toMatchObject({ code: 'EVENT_HAS_SECRET' })
  expect(await readEvents(db.pool)).toEqual([])
})
