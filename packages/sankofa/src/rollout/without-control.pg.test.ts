import type pg from 'pg'
import { pino } from 'pino'
import { expect, test } from '#harness'
import { changeId } from '../core/index.ts'
import { createLease, watcherLease } from '../db/index.ts'
import { defineTunable, tunableKind } from '../flags/index.ts'
import { type ChangeState, foldAll, type Journal, openJournal, propose, requestGo } from '../journal/index.ts'
import { type Measurement, windowMs } from '../observe/index.ts'
import { createWatcher } from './index.ts'
import { startOfTime, virtualClock } from './simulate/index.ts'

const tunables = ['fee', 'limit'].map((id) =>
  defineTunable({ id, title: id, owner: 'ama', initial: 1, validate: (value: unknown) => value as number }),
)

/** A shop of 500 requests a window that fails as told, and a watcher over two tunables. */
async function shopWithTunables(pool: pg.Pool, failing: (startMs: number) => number) {
  const journal: Journal = openJournal(pool)
  const clock = virtualClock(startOfTime)
  const n = 500
  const measurement: Measurement = {
    baseline: async () => ({
      requestsPerSecond: 50,
      subjectsPerWindow: 200,
      subjects: 2_000,
      firstFailuresPerSecond: 0.5,
      routes: [{ route: 'POST /checkout', requests: 180_000, errorShare: 0.01 }],
    }),
    openWatch: async () => {},
    closeWatch: async () => {},
    newWindows: async () => [],
    judgedWindows: async () => [],
    liveness: async () => ({
      processes: [{ processId: 'shop-1', service: 'shop', ageMs: 1_000, stopped: false }],
      requests: 6_000,
      expected: 6_000,
    }),
    totals: async (fromMs, toMs) =>
      Array.from({ length: (toMs - fromMs) / windowMs }, (_, index) => {
        const startMs = fromMs + index * windowMs
        return { startMs, touched: { n, errors: Math.round(n * failing(startMs)) }, untouched: { n: 0, errors: 0 } }
      }),
  }
  const lease = createLease(pool, { name: watcherLease, holder: 'test', ttlMs: 600_000 })
  const kind = tunableKind({ pool, journal, tunables, clock })
  const options = { pool, journal, kinds: [kind], measurement, attempts: [], clock, holder: 'test' }
  let watcher = createWatcher({ ...options, log: pino({ level: 'silent' }) })
  let epoch = (await lease.acquire()) ?? 0n
  const shop = {
    journal,
    kind,
    async go(change: string, value: number) {
      const size = { unit: 'values', n: 1 }
      const plan = { tunable: change, value }
      await propose(journal, {
        change,
        actor: 'ama',
        kind: 'tunable',
        plan,
        title: change,
        control: 'none',
        dependsOn: [],
        size,
      })
      await requestGo(journal, { change, actor: 'ama' })
      await watcher.tick(epoch)
    },
    async step() {
      clock.set(clock.now() + windowMs)
      await watcher.tick(epoch)
    },
    async state(change: string): Promise<ChangeState | undefined> {
      return foldAll(await journal.read()).get(changeId(change))
    },
    async restart() {
      await lease.release(epoch)
      epoch = (await lease.acquire()) ?? 0n
      watcher = createWatcher({ ...options, log: pino({ level: 'silent' }) })
    },
    valueOf: async (tunable: string): Promise<unknown> =>
      (
        await pool.query<{ value: unknown }>('select tunable.value from sankofa.tunable where tunable.tunable = $1', [
          tunable,
        ])
      ).rows[0]?.value,
  }
  return shop
}

test('a value that hurts is put back, and the verdict prints its assumption', async ({ db }) => {
  const shop = await shopWithTunables(db.pool, (startMs) => (startMs < startOfTime ? 0.01 : 0.06))
  await shop.go('fee', 7)
  expect(await shop.valueOf('fee')).toBe(7)

  let windows = 0
  while ((await shop.state('fee'))?.state !== 'undone' && windows < 60) {
    await shop.step()
    if (windows++ === 1) await shop.restart()
  }

  const state = await shop.state('fee')
  expect(state?.undoneBecause).toMatchObject({ cause: 'judge' })
  expect(state?.undoneBecause?.reason).toContain('There is no control. Assumed')
  expect(windows).toBeLessThan(12)
  expect(await shop.valueOf('fee')).toBe(1)
}, 60_000)

test('a value that hurts nobody bakes and stays', async ({ db }) => {
  const shop = await shopWithTunables(db.pool, () => 0.01)
  await shop.go('fee', 7)
  for (let n = 0; n < 40; n++) await shop.step()

  expect(await shop.state('fee')).toMatchObject({ state: 'settled', share: 1 })
  expect(await shop.valueOf('fee')).toBe(7)
}, 60_000)

test('of two changes without a control the second waits for the first', async ({ db }) => {
  const shop = await shopWithTunables(db.pool, () => 0.01)
  await shop.go('fee', 7)
  await shop.go('limit', 9)
  await shop.step()

  const waiting = await shop.state('limit')
  for (let n = 0; n < 40; n++) await shop.step()

  expect(waiting).toMatchObject({
    state: 'proposed',
    pending: { want: 'go' },
    failing: { step: 'wait', times: 1, error: expect.stringContaining('It waits until fee is kept or taken back') },
  })
  expect(await shop.state('fee')).toMatchObject({ state: 'settled' })
  expect((await shop.state('limit'))?.go).toBeDefined()
  expect(await shop.valueOf('limit')).toBe(9)
}, 60_000)
