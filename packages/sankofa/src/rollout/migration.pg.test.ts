import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, type TestDatabase, test } from '#harness'
import { type ChangeId, changeId } from '../core/index.ts'
import { createLease, watcherLease } from '../db/index.ts'
import { defineTunable, tunableKind } from '../flags/index.ts'
import { type ChangeState, foldAll, openJournal, propose, requestBack, requestGo } from '../journal/index.ts'
import { type MigrationSet, migrationKind, type Step } from '../migrate/index.ts'
import { type Measurement, windowMs } from '../observe/index.ts'
import { createWatcher } from './index.ts'
import { startOfTime, virtualClock } from './simulate/index.ts'

const shop = {
  '0001_shop': {
    up: 'create table public.customer (id bigint generated always as identity primary key, name text not null, phone text);',
    undo: 'drop table public.customer;',
  },
  '0002_email': {
    up: 'alter table public.customer add column email text;',
    undo: 'alter table public.customer drop column email;',
  },
  '0003_no_phone': {
    up: 'alter table public.customer drop column phone;',
    undo: 'alter table public.customer add column phone text;',
  },
}

const step = (sql: string): Step => ({ kind: 'sql', sql, transaction: 'auto' })
const set: MigrationSet = {
  tool: 'sankofa',
  directory: 'migrations',
  migrations: Object.entries(shop).map(([id, { up, undo }]) => ({ id, group: id, up: step(up), undo: step(undo) })),
}

type Traffic = { readonly touched: number; readonly untouched: number }

/** A shop that fails as told, half of its requests on touched routes, and a watcher over migrations and one tunable. */
async function openShop(db: TestDatabase, failing: (startMs: number) => Traffic) {
  const { pool } = db
  const journal = openJournal(pool)
  const clock = virtualClock(startOfTime)
  const n = 500
  let silent = false
  const measurement: Measurement = {
    baseline: async () => ({
      requestsPerSecond: 100,
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
      processes: silent ? [] : [{ processId: 'shop-1', service: 'shop', ageMs: 1_000, stopped: false }],
      requests: silent ? 0 : 6_000,
      expected: 6_000,
    }),
    totals: async (fromMs, toMs) =>
      Array.from({ length: (toMs - fromMs) / windowMs }, (_, index) => {
        const startMs = fromMs + index * windowMs
        const { touched, untouched } = failing(startMs)
        return {
          startMs,
          touched: { n, errors: Math.round(n * touched) },
          untouched: { n, errors: Math.round(n * untouched) },
        }
      }),
  }
  const fee = defineTunable({
    id: 'fee',
    title: 'fee',
    owner: 'ama',
    initial: 1,
    validate: (value: unknown) => value as number,
  })
  const migration = migrationKind({
    pool,
    journal,
    clock,
    load: async () => set,
    shadowUrl: db.url,
  })
  const kinds = [migration, tunableKind({ pool, journal, tunables: [fee], clock })]
  const lease = createLease(pool, { name: watcherLease, holder: 'test', ttlMs: 600_000 })
  const epoch = (await lease.acquire()) ?? 0n
  const watcher = createWatcher({
    pool,
    journal,
    kinds,
    measurement,
    attempts: [],
    clock,
    holder: 'test',
    log: pino({ level: 'silent' }),
  })
  const apply = (group: string): Promise<void> => migration.expose(changeId(group), { group, after: [] }, 1, epoch)
  await apply('0001_shop')
  await pool.query(`insert into public.customer (name, phone) values ('Ama', '020 1'), ('Kofi', '020 2')`)
  const state = async (change: string): Promise<ChangeState | undefined> =>
    foldAll(await journal.read()).get(changeId(change))
  return {
    pool,
    journal,
    state,
    apply,
    goSilent: () => {
      silent = true
    },
    async go(change: string, kind: 'migration' | 'tunable', plan: unknown): Promise<void> {
      const about = { actor: 'ama', control: 'none', dependsOn: [] as ChangeId[], size: { unit: 'one', n: 1 } } as const
      await propose(journal, { ...about, change, kind, plan, title: change })
      await requestGo(journal, { change, actor: 'ama' })
    },
    /** Looks on, ten seconds of the shop at a time, until the change is as told. */
    async until(change: string, is: (state: ChangeState) => boolean, mostWindows = 90): Promise<ChangeState> {
      for (let windows = 0; windows < mostWindows; windows++) {
        await watcher.tick(epoch)
        const now = await state(change)
        if (now !== undefined && is(now)) return now
        // A migration runs beside the turns, in real time.
        if (now?.inFlight === undefined) clock.set(clock.now() + windowMs)
        else await delay(20)
      }
      throw new Error(
        `${change} is ${JSON.stringify(await state(change), (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
      )
    },
    hasColumn: async (name: string): Promise<boolean> =>
      (
        await pool.query(
          `select 1 from pg_attribute where attrelid = 'public.customer'::regclass and attname = $1 and not attisdropped`,
          [name],
        )
      ).rowCount === 1,
  }
}

const fine: Traffic = { touched: 0.01, untouched: 0.01 }

test('a migration that hurts nobody is proved, applied, watched and settled', async ({ db }) => {
  const { go, until, hasColumn } = await openShop(db, () => fine)
  await go('0002_email', 'migration', { group: '0002_email', after: [] })

  const settled = await until('0002_email', ({ state }) => state === 'settled')

  expect(settled.proof).toMatchObject({ ok: true, loss: 'kept' })
  expect(await hasColumn('email')).toBe(true)
}, 60_000)

test('one that hurts the routes it touches, and whose undo loses nothing, takes itself back', async ({ db }) => {
  const { go, until, hasColumn } = await openShop(db, (startMs) =>
    startMs < startOfTime ? fine : { touched: 0.08, untouched: 0.01 },
  )
  await go('0002_email', 'migration', { group: '0002_email', after: [] })

  const undone = await until('0002_email', ({ state }) => state === 'undone')

  expect(undone.undoneBecause).toMatchObject({ cause: 'judge' })
  expect(await hasColumn('email')).toBe(false)
}, 60_000)

test('one whose undo needs the stash is held for a person, with everything else, and goes back on their word', async ({
  db,
}) => {
  const { go, until, hasColumn, journal, state, pool, apply } = await openShop(db, (startMs) =>
    startMs < startOfTime + 20 * windowMs ? fine : { touched: 0.2, untouched: 0.01 },
  )
  await apply('0002_email')
  await go('0003_no_phone', 'migration', { group: '0003_no_phone', after: [] })

  const held = await until('0003_no_phone', (now) => now.held !== undefined)
  await requestBack(journal, { change: changeId('0003_no_phone'), actor: 'kofi', reason: 'checkout fails' })
  await until('0003_no_phone', (now) => now.state === 'undone')

  expect(held.held).toMatchObject({ cause: 'undo', ask: expect.stringContaining('sankofa back 0003_no_phone') })
  expect(await hasColumn('phone')).toBe(true)
  expect((await state('0003_no_phone'))?.undoneBecause).toMatchObject({ cause: 'person' })
  expect(
    (await pool.query('select customer.phone from public.customer as customer order by customer.id')).rows,
  ).toEqual([{ phone: '020 1' }, { phone: '020 2' }])
}, 60_000)

test('one that a watch does not see is held: every available watch must agree', async ({ db }) => {
  const everywhere = { touched: 0.08, untouched: 0.08 }
  const { go, until, hasColumn } = await openShop(db, (startMs) => (startMs < startOfTime ? fine : everywhere))
  await go('0002_email', 'migration', { group: '0002_email', after: [] })

  const held = await until('0002_email', (now) => now.held !== undefined)

  expect(held.held?.ask).toContain('The watch "touched against untouched" does not see it.')
  expect(await hasColumn('email')).toBe(true)
}, 60_000)

test('silence holds a migration and never takes its schema back', async ({ db }) => {
  const { go, until, hasColumn, goSilent } = await openShop(db, () => fine)
  await go('0002_email', 'migration', { group: '0002_email', after: [] })
  await until('0002_email', ({ share, inFlight }) => share === 1 && inFlight === undefined)

  goSilent()
  const held = await until('0002_email', (now) => now.held !== undefined)

  expect(held).toMatchObject({ share: 1, held: { cause: 'deadline' } })
  expect(await hasColumn('email')).toBe(true)
}, 60_000)
