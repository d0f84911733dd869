import { expect, type TestDatabase, test } from '#harness'
import { changeId } from '../core/index.ts'
import { createLease, watcherLease } from '../db/index.ts'
import { openJournal } from '../journal/index.ts'
import { flagKind } from './flag-kind.ts'
import { aFlag, lead, release, startRollout } from './testing/fixtures.ts'

const flag = aFlag()
const plan = { flag: flag.id }

const kindOf = (db: TestDatabase) => flagKind({ pool: db.pool, journal: openJournal(db.pool), flags: [flag], release })

type Row = {
  readonly share: number
  readonly version: bigint
  readonly go_id: bigint | null
  readonly [column: string]: unknown
}
const rowOf = async (db: TestDatabase): Promise<Row | undefined> => {
  const found = await db.pool.query<Row>(
    `select flag.change_id, flag.go_id, flag.salt, flag.stage, flag.share, flag.share_before, flag.settled, flag.version
       from sankofa.flag as flag`,
  )
  return found.rows[0]
}

test('the row shows what the journal says was begun: go, salt, stage and the share before', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const { change, begin, done } = await startRollout(db.pool, epoch, { salt: 'salt-of-this-very-go' })
  expect(await kind.actual(change)).toBe(0)

  await begin(1, 0.02, 0)
  await kind.expose(change, plan, 0.02, epoch)
  await done(1, 0.02)
  await begin(2, 0.1, 0.02)
  await kind.expose(change, plan, 0.1, epoch)

  expect(await kind.actual(change)).toBe(0.1)
  expect(await rowOf(db)).toMatchObject({
    change_id: change,
    salt: 'salt-of-this-very-go',
    stage: 2,
    share: 0.1,
    share_before: 0.02,
    settled: false,
  })
})

test('doing a step again changes nothing', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const { change, begin } = await startRollout(db.pool, epoch)
  await begin(1, 0.02, 0)
  await kind.expose(change, plan, 0.02, epoch)
  const once = await rowOf(db)

  await kind.expose(change, plan, 0.02, epoch)

  expect(await rowOf(db)).toEqual(once)
  const first = await kind.undo(change, plan, epoch)
  const undone = await rowOf(db)
  const second = await kind.undo(change, plan, epoch)
  expect(await rowOf(db)).toEqual(undone)
  expect([first.summary, second.summary]).toEqual([
    expect.stringContaining('off for everyone'),
    expect.stringContaining('already off'),
  ])
})

test('an undo is off for everyone and measures nothing, and can come before any exposure', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const { change, begin } = await startRollout(db.pool, epoch)
  await kind.undo(change, plan, epoch)
  expect(await kind.actual(change)).toBe(0)
  await begin(1, 0.02, 0)
  await kind.expose(change, plan, 0.02, epoch)

  await kind.undo(change, plan, epoch)

  expect(await kind.actual(change)).toBe(0)
  expect(await rowOf(db)).toMatchObject({ share: 0, share_before: 0, go_id: null })
})

test('a pause keeps the go, and the flag, for this change', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const { change, begin, done } = await startRollout(db.pool, epoch)
  await begin(1, 0.02, 0)
  await kind.expose(change, plan, 0.02, epoch)
  await done(1, 0.02)
  const before = await rowOf(db)
  await begin(1, 0, 0)
  await kind.expose(change, plan, 0, epoch)
  await done(1, 0)

  expect(await kind.actual(change)).toBe(0)
  expect(await rowOf(db)).toMatchObject({ share: 0, go_id: before?.go_id })
  const other = await startRollout(db.pool, epoch, { change: 'other' })
  await other.begin(1, 0.02, 0)
  await expect(kind.expose(other.change, plan, 0.02, epoch)).rejects.toMatchObject({ code: 'FLAG_TAKEN' })
})

test('settled is on for everyone, for good: neither an undo nor another change can have the flag', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const { change, begin } = await startRollout(db.pool, epoch)
  await begin(1, 0.02, 0)
  await kind.expose(change, plan, 0.02, epoch)

  await kind.settle(change, plan, epoch)
  await kind.settle(change, plan, epoch)

  expect(await kind.actual(change)).toBe(1)
  expect(await rowOf(db)).toMatchObject({ share: 1, settled: true, go_id: null })
  await expect(kind.undo(change, plan, epoch)).rejects.toMatchObject({ code: 'FLAG_SETTLED' })
  const other = await startRollout(db.pool, epoch, { change: 'other' })
  await other.begin(1, 0.02, 0)
  await expect(kind.expose(other.change, plan, 0.02, epoch)).rejects.toMatchObject({ code: 'FLAG_SETTLED' })
  expect(await kind.actual(change)).toBe(1)
})

test('one change per flag at a time; the flag is free again when the first is taken back', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const first = await startRollout(db.pool, epoch)
  await first.begin(1, 0.02, 0)
  await kind.expose(first.change, plan, 0.02, epoch)
  const second = await startRollout(db.pool, epoch, { change: 'second-try' })
  await second.begin(1, 0.02, 0)

  await expect(kind.expose(second.change, plan, 0.02, epoch)).rejects.toMatchObject({ code: 'FLAG_TAKEN' })
  await kind.undo(first.change, plan, epoch)
  await kind.expose(second.change, plan, 0.02, epoch)

  expect([await kind.actual(first.change), await kind.actual(second.change)]).toEqual([0, 0.02])
  await kind.undo(first.change, plan, epoch)
  expect(await kind.actual(second.change)).toBe(0.02)
})

test('a share that was not journalled first is refused, and nothing is changed', async ({ db }) => {
  const kind = kindOf(db)
  const epoch = await lead(db.pool)
  const { change, begin, journal } = await startRollout(db.pool, epoch)
  await begin(1, 0.02, 0)

  await expect(kind.expose(change, plan, 0.1, epoch)).rejects.toMatchObject({ code: 'SHARE_NOT_JOURNALLED' })
  await expect(kind.expose(changeId('unheard-of'), plan, 0.02, epoch)).rejects.toMatchObject({
    code: 'SHARE_NOT_JOURNALLED',
  })
  const undoing = { reason: 'kofi', cause: 'person' } as const
  await journal.append({ change, type: 'undoing', actor: 'watcher', data: undoing }, { epoch })
  await expect(kind.expose(change, plan, 0.02, epoch)).rejects.toMatchObject({ code: 'SHARE_NOT_JOURNALLED' })

  expect(await rowOf(db)).toBeUndefined()
})

test('a leader that was replaced is refused in every act, and nothing is changed', async ({ db }) => {
  const kind = kindOf(db)
  const stale = await lead(db.pool)
  const { change, begin, done } = await startRollout(db.pool, stale)
  await begin(1, 0.02, 0)
  await kind.expose(change, plan, 0.02, stale)
  await done(1, 0.02)
  await begin(2, 0.1, 0.02)
  const before = await rowOf(db)
  const lease = createLease(db.pool, { name: watcherLease, holder: 'next', ttlMs: 600_000 })
  await lease.release(stale)
  await db.pool.query(`update sankofa.lease set expires_at = '-infinity'`)
  const epoch = (await lease.acquire()) ?? stale
  expect(epoch).toBeGreaterThan(stale)

  const acts = [
    () => kind.expose(change, plan, 0.1, stale),
    () => kind.undo(change, plan, stale),
    () => kind.settle(change, plan, stale),
  ]
  for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'STALE_EPOCH' })

  expect(await rowOf(db)).toEqual(before)
  await kind.expose(change, plan, 0.1, epoch)
  expect(await kind.actual(change)).toBe(0.1)
})

test('a release that no longer declares the flag can still take it back, but not expose it', async ({ db }) => {
  const epoch = await lead(db.pool)
  const { change, begin, done } = await startRollout(db.pool, epoch)
  await begin(1, 0.02, 0)
  await kindOf(db).expose(change, plan, 0.02, epoch)
  await done(1, 0.02)
  const without = flagKind({ pool: db.pool, journal: openJournal(db.pool), flags: [], release })

  await expect(without.expose(change, plan, 0.02, epoch)).rejects.toMatchObject({ code: 'FLAG_UNKNOWN' })
  expect(await without.prove(plan)).toMatchObject({
    ok: false,
    reason: expect.stringContaining('No flag "new-checkout"'),
  })
  await without.undo(change, plan, epoch)

  expect(await without.actual(change)).toBe(0)
})
