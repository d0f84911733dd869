import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '#harness'
import { createLease, watcherLease, withFence } from './index.ts'

test('only one of many contenders holds the lease', async ({ db }) => {
  const contenders = Array.from({ length: 12 }, (_, n) =>
    createLease(db.pool, { name: watcherLease, holder: `watcher-${n}`, ttlMs: 60_000 }),
  )

  const epochs = await Promise.all(contenders.map((lease) => lease.acquire()))

  expect(epochs.filter((epoch) => epoch !== undefined)).toEqual([1n])
})

test('an expired lease is taken over with a higher epoch, and the old holder cannot renew it', async ({ db }) => {
  const first = createLease(db.pool, { name: watcherLease, holder: 'first', ttlMs: 1 })
  const second = createLease(db.pool, { name: watcherLease, holder: 'second', ttlMs: 60_000 })
  const firstEpoch = await first.acquire()
  await delay(20)

  const secondEpoch = await second.acquire()

  expect([firstEpoch, secondEpoch]).toEqual([1n, 2n])
  expect(await first.renew(1n)).toBe(false)
  expect(await second.renew(2n)).toBe(true)
})

test('a replaced leader cannot write', async ({ db }) => {
  await db.pool.query('create table public.ledger_of_writes (epoch bigint)')
  const lease = createLease(db.pool, { name: watcherLease, holder: 'first', ttlMs: 60_000 })
  const epoch = (await lease.acquire()) ?? -1n
  await lease.release(epoch)
  const next = await createLease(db.pool, { name: watcherLease, holder: 'second', ttlMs: 60_000 }).acquire()

  const stale = withFence(db.pool, epoch, (client) =>
    client.query('insert into public.ledger_of_writes values ($1)', [epoch]),
  )

  await expect(stale).rejects.toMatchObject({ code: 'STALE_EPOCH' })
  await withFence(db.pool, next ?? -1n, (client) =>
    client.query('insert into public.ledger_of_writes values ($1)', [next]),
  )
  const written = await db.pool.query('select epoch from public.ledger_of_writes')
  expect(written.rows).toEqual([{ epoch: 2n }])
})

test('nobody can take over while a fenced write is under way', async ({ db }) => {
  const lease = createLease(db.pool, { name: watcherLease, holder: 'first', ttlMs: 1 })
  const epoch = (await lease.acquire()) ?? -1n
  await delay(20)
  const order: string[] = []

  let takeOver: Promise<unknown> = Promise.resolve()
  await withFence(db.pool, epoch, async () => {
    takeOver = createLease(db.pool, { name: watcherLease, holder: 'second', ttlMs: 60_000 })
      .acquire()
      .then(() => order.push('taken over'))
    await delay(100)
    order.push('fenced write done')
  })
  await takeOver

  expect(order).toEqual(['fenced write done', 'taken over'])
})
