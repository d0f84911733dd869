import { Type } from 'typebox'
import { createDatabase, expect, type TestDatabase, test } from '#harness'
import { changeId } from '../core/index.ts'
import { openJournal } from '../journal/index.ts'
import { lead, type Rollout, release, startRollout } from './testing/fixtures.ts'
import { defineTunable } from './tunable.ts'
import { tunableKind } from './tunable-kind.ts'
import { readTunable } from './tunable-row.ts'

const schema = Type.Integer({ minimum: 0, maximum: 500 })
const fee = defineTunable({ id: 'fee', title: 'Fee', owner: 'payments', initial: 100, schema })

const kindOf = (db: TestDatabase, tunables = [fee]) =>
  tunableKind({ pool: db.pool, journal: openJournal(db.pool), tunables, release })

const start = async (db: TestDatabase, epoch: bigint, change: string, value: unknown): Promise<Rollout> => {
  const rollout = await startRollout(db.pool, epoch, { change, kind: 'tunable', plan: { tunable: 'fee', value } })
  await rollout.begin(1, 1, 0)
  return rollout
}
const valueNow = async (db: TestDatabase): Promise<unknown> => (await readTunable(db.pool, 'fee', 'no lock'))?.value

test('an undo gives back the value that was there, also after the step was done twice', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const plan = { tunable: 'fee', value: 250 }
  const { change } = await start(db, epoch, 'dearer', 250)
  expect(await kind.actual(change)).toBe(0)

  await kind.expose(change, plan, 1, epoch)
  await kind.expose(change, plan, 1, epoch)
  expect([await kind.actual(change), await valueNow(db)]).toEqual([1, 250])
  await kind.undo(change, plan, epoch)
  await kind.undo(change, plan, epoch)

  expect([await kind.actual(change), await valueNow(db)]).toEqual([0, 100])
})

test('a pause gives the value back, and going on sets it again', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const plan = { tunable: 'fee', value: 250 }
  const { change, begin, done } = await start(db, epoch, 'dearer', 250)
  await kind.expose(change, plan, 1, epoch)
  await done(1, 1)

  await begin(1, 0, 0)
  await kind.expose(change, plan, 0, epoch)
  expect([await kind.actual(change), await valueNow(db)]).toEqual([0, 100])
  await done(1, 0)
  await begin(1, 1, 0)
  await kind.expose(change, plan, 1, epoch)

  expect([await kind.actual(change), await valueNow(db)]).toEqual([1, 250])
  await kind.undo(change, plan, epoch)
  expect(await valueNow(db)).toBe(100)
})

test('a settled value stays, cannot be taken back, and the next change starts from it', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const first = await start(db, epoch, 'dearer', 250)
  await kind.expose(first.change, { tunable: 'fee', value: 250 }, 1, epoch)
  await kind.settle(first.change, { tunable: 'fee', value: 250 }, epoch)
  expect(await kind.actual(first.change)).toBe(1)
  await expect(kind.undo(first.change, { tunable: 'fee', value: 250 }, epoch)).rejects.toMatchObject({
    code: 'TUNABLE_SETTLED',
  })

  const second = await start(db, epoch, 'cheaper', 50)
  await kind.expose(second.change, { tunable: 'fee', value: 50 }, 1, epoch)
  expect(await valueNow(db)).toBe(50)
  await kind.undo(second.change, { tunable: 'fee', value: 50 }, epoch)

  expect(await valueNow(db)).toBe(250)
})

test('two changes of one tunable cannot be out at once', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const first = await start(db, epoch, 'dearer', 250)
  await kind.expose(first.change, { tunable: 'fee', value: 250 }, 1, epoch)
  const second = await start(db, epoch, 'cheaper', 50)

  const taken = kind.expose(second.change, { tunable: 'fee', value: 50 }, 1, epoch)

  await expect(taken).rejects.toMatchObject({ code: 'TUNABLE_TAKEN' })
  expect(await valueNow(db)).toBe(250)
})

test('a leader that was replaced changes nothing', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const { change } = await start(db, epoch, 'dearer', 250)
  await db.pool.query('update sankofa.lease set epoch = lease.epoch + 1')

  const stale = kind.expose(change, { tunable: 'fee', value: 250 }, 1, epoch)

  await expect(stale).rejects.toMatchObject({ code: 'STALE_EPOCH' })
  expect(await valueNow(db)).toBeUndefined()
})

test('the proof holds when the value now and the new one pass the validation of the service', async ({ db }) => {
  const proof = await kindOf(db).prove({ tunable: 'fee', value: 250 })

  expect(proof).toMatchObject({ ok: true, base: 'release test-release', loss: 'kept' })
  expect(proof.undoMs).toBeGreaterThan(0)
  expect(proof).toMatchObject(await kindOf(db).currentDigest({ tunable: 'fee', value: 250 }))
})

test('the proof fails when the value now could not come back', async ({ db }) => {
  const epoch = await lead(db.pool)
  const { change } = await start(db, epoch, 'dearer', 250)
  await kindOf(db).expose(change, { tunable: 'fee', value: 250 }, 1, epoch)
  await kindOf(db).settle(change, { tunable: 'fee', value: 250 }, epoch)
  const stricter = defineTunable({ ...fee, initial: 100, schema: Type.Integer({ maximum: 200 }) })

  const proof = await kindOf(db, [stricter]).prove({ tunable: 'fee', value: 150 })

  expect(proof).toMatchObject({ ok: false, reason: expect.stringContaining('its value now, 250') })
})

test.each([
  [{ tunable: 'fee', value: 501 }, 'does not take 501'],
  [{ tunable: 'fee', value: '250' }, 'does not take "250"'],
  [{ tunable: 'fee', value: 100 }, 'already is 100'],
  [{ tunable: 'tax', value: 1 }, 'No tunable "tax"'],
])('the proof of %j fails: %s', async (plan, reason) => {
  const db = await createDatabase()
  try {
    const proof = await kindOf(db).prove(plan)
    expect(proof).toMatchObject({ ok: false, reason: expect.stringContaining(reason) })
  } finally {
    await db.drop()
  }
})

test('another value in between makes a proof stale', async ({ db }) => {
  const kind = kindOf(db)
  const plan = { tunable: 'fee', value: 250 }
  const before = await kind.currentDigest(plan)
  const epoch = await lead(db.pool)
  const { change } = await start(db, epoch, 'cheaper', 50)
  await kind.expose(changeId(change), { tunable: 'fee', value: 50 }, 1, epoch)

  expect((await kind.currentDigest(plan)).digest).not.toBe(before.digest)
})
