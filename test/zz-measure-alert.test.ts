import { expect, test } from '#harness'
import { watchRecovery } from '/work/main/packages/sankofa/src/alert/changes/watch-recovery.ts'
import { unfinishedAttempts, verifyEvents, sealEvents, createEventWriter } from '/work/main/packages/sankofa/src/events/index.ts'
import { checkout } from '/work/main/packages/sankofa/src/alert/testing/shop.ts'
import { inTransaction } from '/work/main/packages/sankofa/src/db/index.ts'
test('t', async ({ db }) => {
  await db.pool.query(`insert into sankofa.event (at, type, subject, actor, reference, amount, currency, exposed_to, hash)
   select now() - interval '1 hour' + n * interval '0.08 s' + k * interval '0.5 s', case k when 0 then 'checkout.attempted' when 1 then 'order.paid' else 'other' end, 'u' || (n % 2000), 'c', 'r' || n, 100, 'NGN', case when n % 20 = 0 then '{demo}' else '{}' end::text[], ''
     from generate_series(0, 45000) n, generate_series(0, 3) k`)
  await db.pool.query('analyze sankofa.event')
  const now = Date.now()
  const exposedAt = new Date(now - 600_000)
  for (let i = 0; i < 3; i++) {
    let t = performance.now()
    const f = await unfinishedAttempts(db.pool, checkout, { from: exposedAt, to: new Date(now), exposedTo: 'demo' })
    console.log('unfinished exposed ms', performance.now() - t, f.attempted); t = performance.now()
    await unfinishedAttempts(db.pool, checkout, { from: exposedAt, to: new Date(now), notExposedTo: 'demo' })
    console.log('unfinished others ms', performance.now() - t); t = performance.now()
    const r = await watchRecovery(db.pool, { kind: 'attempts', attempt: checkout, figures: f, from: exposedAt }, { change: 'demo', exposedAt, undoneAt: new Date(now - 400_000), nowMs: now, normalForMs: 180_000 })
    console.log('recovery ms', performance.now() - t, r)
  }
  let t = performance.now()
  const w = createEventWriter({ subjectKey: (s) => s, release: 'r', context: () => undefined })
  const ts: number[] = []
  for (let n = 0; n < 2000; n++) { const a = performance.now(); await inTransaction(db.pool, (c) => w.record(c, { type: 'x', subject: 'w' + (n % 100), actor: 'a', amount: 1n, currency: 'NGN', before: { b: 1n }, after: { b: 2n } })); ts.push(performance.now() - a) }
  ts.sort((a, b) => a - b)
  console.log('record+tx p50', ts[1000], 'p99', ts[1980])
})
