import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { pino } from 'pino'
import { expect, type TestDatabase, test } from '#harness'
import { type ChangeId, changeId } from '../core/index.ts'
import { createLease, watcherLease } from '../db/index.ts'
import { defineTunable, tunableKind } from '../flags/index.ts'
import { type ChangeState, foldAll, openJournal, propose, requestBack, requestGo } from '../journal/index.ts'
import { type MigrationSet, migrationKind, type Step } from '../migrate/index.ts'
import { type Measurement, pgMeasurement, windowMs } from '../observe/index.ts'
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
const [touchedRoute, untouchedRoute] = ['GET /customers', 'GET /about']

/** A shop that fails as told, half of its requests on touched routes, and a watcher over migrations and one tunable. */
async function openShop(db: TestDatabase, failing: (startMs: number) => Traffic, n = 500) {
  const { pool } = db
  const journal = openJournal(pool)
  const clock = virtualClock(startOfTime)
  let silent = false
  let known = set
  const measured = pgMeasurement(pool)
  await recordStatement(pool, 'select customer.name from public.customer as customer', touchedRoute)
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
    // The way that evidence takes: cells of processes, parted by the routes that the proof and the statements say it touches.
    totals: async (fromMs, toMs, routes) => {
      const starts = Array.from({ length: (toMs - fromMs) / windowMs }, (_, index) => fromMs + index * windowMs)
      await pool.query(
        `insert into sankofa.cell (window_start, process_id, route, status_class, release, n, errors, sum_us, max_us, histogram)
         select to_timestamp(window_ms / 1000.0), 'shop-1', route, 'all', 'r1', $4, errors, 0, 0, ''
           from unnest($1::float8[], $2::text[], $3::bigint[]) as cell (window_ms, route, errors)
         on conflict do nothing`,
        [
          starts.flatMap((startMs) => [startMs, startMs]),
          starts.flatMap(() => [touchedRoute, untouchedRoute]),
          starts.flatMap((startMs) => {
            const { touched, untouched } = failing(startMs)
            return [Math.round(n * touched), Math.round(n * untouched)]
          }),
          n,
        ],
      )
      return measured.totals(fromMs, toMs, routes)
    },
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
    load: async () => known,
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
    async go(change: string, kind: 'migration' | 'tunable', plan: unknown, unproved?: string): Promise<void> {
      const about = { actor: 'ama', control: 'none', dependsOn: [] as ChangeId[], size: { unit: 'one', n: 1 } } as const
      await propose(journal, { ...about, change, kind, plan, title: change })
      await requestGo(journal, { change, actor: 'ama', ...(unproved === undefined ? {} : { unproved }) })
    },
    /** Proves it, and then its files are gone from the checkout of the watcher. */
    async proveAndForget(group: string): Promise<void> {
      const id = changeId(group)
      const about = { actor: 'ama', control: 'none', dependsOn: [] as ChangeId[], size: { unit: 'one', n: 1 } } as const
      await propose(journal, { ...about, change: group, kind: 'migration', plan: { group, after: [] }, title: group })
      const proof = await migration.prove({ group, after: [] })
      await journal.append({ change: id, type: 'proved', actor: 'ama', data: { proof } })
      known = { ...set, migrations: set.migrations.filter((one) => one.group !== group) }
    },
    /** Looks on for so many windows, whatever comes of it. */
    async watch(windows: number): Promise<void> {
      for (let n = 0; n < windows; n++) {
        await watcher.tick(epoch)
        await delay(20)
        clock.set(clock.now() + windowMs)
      }
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

/** As a service's recorder leaves it. */
async function recordStatement(pool: pg.Pool, text: string, route: string): Promise<void> {
  await pool.query(
    `with statement as (
       insert into sankofa.statement (id, text, first_seen, last_seen) values (md5($1), $1, now(), now()) returning id
     )
     insert into sankofa.statement_route (statement_id, route, release, n, succeeded, first_seen, last_seen)
     select statement.id, $2, 'r1', 9, true, now(), now() from statement`,
    [text, route],
  )
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

test('one that breaks a route takes itself back, where the other routes never fail and so cannot be compared with', async ({
  db,
}) => {
  const { go, until, hasColumn } = await openShop(
    db,
    (startMs) => (startMs < startOfTime ? { touched: 0.05, untouched: 0 } : { touched: 0.9, untouched: 0 }),
    20,
  )
  await go('0002_email', 'migration', { group: '0002_email', after: [] })

  const undone = await until('0002_email', ({ state }) => state === 'undone')

  expect(undone.undoneBecause).toMatchObject({ cause: 'judge', reading: { leading: 'after against before' } })
  expect(await hasColumn('email')).toBe(false)
}, 60_000)

test('nor does a watch object that has seen so few failures on the other routes that no harm would be plain to it', async ({
  db,
}) => {
  const oneIn = (every: number) => (startMs: number) => ((startMs / windowMs) % every === 0 ? 0.05 : 0)
  const { go, until } = await openShop(
    db,
    (startMs) => ({ touched: startMs < startOfTime ? 0.05 : 0.9, untouched: oneIn(180)(startMs) }),
    20,
  )
  await go('0002_email', 'migration', { group: '0002_email', after: [] })

  const undone = await until('0002_email', ({ state }) => state === 'undone')

  const watch = undone.undoneBecause?.reading?.guards.find(({ guard }) => guard === 'touched against untouched')
  expect(watch).toMatchObject({ couldSee: false })
  expect(watch?.logEvidence).toBeLessThanOrEqual(0)
}, 60_000)

test('one that a watch does not see is held: every available watch must agree', async ({ db }) => {
  const everywhere = { touched: 0.08, untouched: 0.08 }
  const { go, until, hasColumn } = await openShop(db, (startMs) => (startMs < startOfTime ? fine : everywhere))
  await go('0002_email', 'migration', { group: '0002_email', after: [] })

  const held = await until('0002_email', (now) => now.held !== undefined)

  expect(held.held?.ask).toContain('The watch "touched against untouched" does not see it.')
  expect(await hasColumn('email')).toBe(true)
}, 60_000)

test('one that breaks the running release, let out unproved, is refused once and waits for a person', async ({
  db,
}) => {
  const { go, until, watch, hasColumn, apply, journal, state, pool } = await openShop(db, () => fine)
  await apply('0002_email')
  await recordStatement(pool, 'select customer.phone from public.customer as customer', 'GET /me')
  await go('0003_no_phone', 'migration', { group: '0003_no_phone', after: [] }, 'we know better')

  const held = await until('0003_no_phone', (now) => now.held !== undefined)
  await watch(30)
  const failures = (await journal.read({ change: changeId('0003_no_phone') })).filter(
    ({ type }) => type === 'step-failed',
  )
  const phoneThen = await hasColumn('phone')
  await pool.query(`delete from sankofa.statement_route where route = 'GET /me'`)
  await requestGo(journal, { change: changeId('0003_no_phone'), actor: 'kofi' })
  await until('0003_no_phone', (now) => now.share === 1 && now.inFlight === undefined)

  expect(held.held).toMatchObject({
    cause: 'refused',
    reason: expect.stringMatching(/the running release could not work afterwards.*GET \/me/),
    ask: expect.stringContaining('sankofa back 0003_no_phone'),
  })
  expect(failures).toHaveLength(1)
  expect(phoneThen).toBe(true)
  expect(await hasColumn('phone')).toBe(false)
  expect((await state('0003_no_phone'))?.held).toBeUndefined()
}, 60_000)

test('one that is not in the folder any more is refused with the reason, not tried for ever', async ({ db }) => {
  const { proveAndForget, until, journal } = await openShop(db, () => fine)
  await proveAndForget('0002_email')

  await requestGo(journal, { change: changeId('0002_email'), actor: 'ama' })
  const refused = await until('0002_email', (now) => now.state === 'refused', 5)

  expect(refused.refusal?.reason).toContain('There is no migration "0002_email"')
  expect(refused.pending).toBeUndefined()
}, 60_000)

test('one that was refused is given up on a word, and nothing of it was ever there', async ({ db }) => {
  const { go, until, hasColumn, apply, journal, pool } = await openShop(db, () => fine)
  await apply('0002_email')
  await recordStatement(pool, 'select customer.phone from public.customer as customer', 'GET /me')
  await go('0003_no_phone', 'migration', { group: '0003_no_phone', after: [] }, 'we know better')
  await until('0003_no_phone', (now) => now.held !== undefined)

  await requestBack(journal, { change: changeId('0003_no_phone'), actor: 'kofi', reason: 'not yet' })
  const undone = await until('0003_no_phone', (now) => now.state === 'undone')

  expect(undone.undoneBecause?.undone.summary).toContain('was not applied')
  expect(await hasColumn('phone')).toBe(true)
}, 60_000)

test('an undo that the running release cannot live with is refused once: it stays out, and a person is asked', async ({
  db,
}) => {
  const { go, until, watch, hasColumn, journal, state, pool } = await openShop(db, () => fine)
  const id = changeId('0002_email')
  await go('0002_email', 'migration', { group: '0002_email', after: [] })
  await until('0002_email', ({ share, inFlight }) => share === 1 && inFlight === undefined)
  await recordStatement(pool, 'select customer.email from public.customer as customer', 'GET /me')

  await requestBack(journal, { change: id, actor: 'kofi', reason: 'a mistake' })
  const held = await until('0002_email', (now) => now.held !== undefined)
  await watch(30)
  const failures = (await journal.read({ change: id })).filter(({ type }) => type === 'step-failed')
  const still = await state('0002_email')
  await pool.query(`delete from sankofa.statement_route where route = 'GET /me'`)
  await requestBack(journal, { change: id, actor: 'kofi', reason: 'a mistake' })
  await until('0002_email', (now) => now.state === 'undone')

  expect(held.held).toMatchObject({ cause: 'refused', reason: expect.stringContaining('was not taken back') })
  expect(failures).toHaveLength(1)
  expect(still).toMatchObject({ share: 1, held: { cause: 'refused' } })
  expect(still?.inFlight).toBeUndefined()
  expect(await hasColumn('email')).toBe(false)
}, 60_000)

test('where the evidence asked for that undo, everything else stands still too', async ({ db }) => {
  const { go, until, watch, hasColumn, state, pool } = await openShop(db, (startMs) =>
    startMs < startOfTime + 6 * windowMs ? fine : { touched: 0.3, untouched: 0.01 },
  )
  await go('0002_email', 'migration', { group: '0002_email', after: [] })
  await until('0002_email', ({ share, inFlight }) => share === 1 && inFlight === undefined)
  await recordStatement(pool, 'select customer.email from public.customer as customer', 'GET /me')

  const held = await until('0002_email', (now) => now.held !== undefined)
  await watch(20)

  expect(held.held).toMatchObject({ cause: 'undo', reason: expect.stringContaining('was not taken back') })
  expect(await state('0002_email')).toMatchObject({ share: 1, held: { cause: 'undo' } })
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
