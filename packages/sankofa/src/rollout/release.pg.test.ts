import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { pino } from 'pino'
import { expect, type TestDatabase, test } from '#harness'
import { changeId, type ReleaseId } from '../core/index.ts'
import { createLease, watcherLease } from '../db/index.ts'
import { foldChange, openJournal, propose, requestBack, requestGo } from '../journal/index.ts'
import { whatCannotRun } from '../migrate/index.ts'
import type { Measurement } from '../observe/index.ts'
import { placeCurrent, type ReleasePlan, readSplit, readWanted, releaseKind, reportHost } from '../release/index.ts'
import { createWatcher } from './index.ts'
import { startOfTime, virtualClock } from './simulate/index.ts'

const service = 'shop'
const old = 'aaaaaaaaaa' as ReleaseId
const next = 'bbbbbbbbbb' as ReleaseId
const id = changeId('release-bbbbbbbbbb')
const plan: ReleasePlan = { service, release: next, before: old, digest: 'd', needs: [] }
const oldStatement = 'select customer.phone from public.customer as customer where customer.id = $1'

/** A shop with one host that runs what is wanted, a release that goes out unproved, and a watcher that is told when to look. */
async function openShop(db: TestDatabase) {
  const { pool } = db
  await pool.query('create table public.customer (id bigint generated always as identity primary key, phone text)')
  await recordStatement(pool, oldStatement, 'GET /me', old)
  await placeCurrent(pool, service, old)
  const journal = openJournal(pool)
  const clock = virtualClock(startOfTime)
  const kind = releaseKind({
    pool,
    journal,
    cannotRun: (release) => whatCannotRun(pool, release, Date.now()),
    clock,
  })
  const watcher = createWatcher({
    pool,
    journal,
    kinds: [kind],
    measurement: nothingWrong,
    attempts: [],
    clock,
    holder: 'test',
    log: pino({ enabled: false }),
  })
  const epoch = (await createLease(pool, { name: watcherLease, holder: 'test', ttlMs: 600_000 }).acquire()) ?? 0n
  const runHost = async (): Promise<void> => {
    const processes = (await readWanted(pool, service)).map(({ release, purpose }) => ({
      release,
      purpose,
      state: 'ready',
      pid: 1,
      origin: 'http://127.0.0.1:1',
      checks: [],
      restarts: 0,
      error: undefined,
      inFlight: 0,
      startedInMs: 1,
      sinceMs: 0,
    }))
    await reportHost(pool, { service, host: 'one', gateway: {}, processes })
  }
  const look = async (): Promise<void> => {
    for (let round = 0; round < 4; round++) {
      await runHost()
      await watcher.tick(epoch)
      // What comes up beside the turns has a moment to do so.
      await delay(50)
    }
  }
  const state = async () => foldChange(await journal.read({ change: id }))
  await propose(journal, {
    change: id,
    actor: 'ama',
    kind: 'release',
    plan,
    title: 'a new page',
    control: 'subjects',
    dependsOn: [],
    size: { unit: 'release', n: 1 },
  })
  await requestGo(journal, { change: id, actor: 'ama', unproved: 'a test of going back' })
  await look()
  expect(await state()).toMatchObject({ state: 'exposed', share: 0.02 })
  return { pool, journal, look, state }
}

const nothingWrong: Measurement = {
  baseline: async () => ({
    requestsPerSecond: 100,
    subjectsPerWindow: 200,
    subjects: 2_000,
    firstFailuresPerSecond: 0.5,
    routes: [{ route: 'GET /me', requests: 180_000, errorShare: 0.01 }],
  }),
  openWatch: async () => {},
  closeWatch: async () => {},
  newWindows: async () => [],
  judgedWindows: async () => [],
  liveness: async () => ({
    processes: [{ processId: 'shop-1', service, ageMs: 1_000, stopped: false }],
    requests: 6_000,
    expected: 6_000,
  }),
  totals: async () => [],
}

async function recordStatement(pool: pg.Pool, text: string, route: string, release: string): Promise<void> {
  await pool.query(
    `with known as (
       insert into sankofa.statement (id, text, first_seen, last_seen) values (md5($1), $1, now(), now()) returning id
     )
     insert into sankofa.statement_route (statement_id, route, release, n, succeeded, first_seen, last_seen)
     select known.id, $2, $3, 100, true, now(), now() from known`,
    [text, route, release],
  )
}

test('back to a release that cannot run on the schema by now is refused with the reason and what to do; mended, it goes', async ({
  db,
}) => {
  const { pool, journal, look, state } = await openShop(db)
  await pool.query('alter table public.customer drop column phone')

  await requestBack(journal, { change: id, actor: 'kofi', reason: 'complaints' })
  await look()

  const refused = (await journal.read({ change: id })).findLast(({ type }) => type === 'refused')
  expect(refused?.data).toMatchObject({
    reason: expect.stringMatching(
      /Release aaaaaaaaaa cannot run.*phone.*GET \/me.*does not exist.*sankofa migrate back/s,
    ),
  })
  expect(await state()).toMatchObject({ state: 'exposed', share: 0.02, inFlight: undefined, pending: undefined })
  expect(await readSplit(pool, service)).toMatchObject({ current: old, next })

  await pool.query('alter table public.customer add column phone text')
  await requestBack(journal, { change: id, actor: 'kofi', reason: 'complaints' })
  await look()

  expect((await state())?.state).toBe('undone')
  expect(await readSplit(pool, service)).toMatchObject({ current: old, next: undefined })
})

test('a schema that was only expanded stays when its release goes back, with what was written in between', async ({
  db,
}) => {
  const { pool, journal, look, state } = await openShop(db)
  await pool.query('alter table public.customer add column email text')
  await pool.query(`insert into public.customer (phone, email) values ('+233', 'ama@example.com')`)

  await requestBack(journal, { change: id, actor: 'kofi', reason: 'complaints' })
  await look()

  expect((await state())?.state).toBe('undone')
  const { rows } = await pool.query('select customer.phone, customer.email from public.customer as customer')
  expect(rows).toEqual([{ phone: '+233', email: 'ama@example.com' }])
})

test('a column that must have a value now, and that the old release leaves out, keeps it from going back', async ({
  db,
}) => {
  const { pool, journal, look, state } = await openShop(db)
  await recordStatement(pool, 'insert into public.customer (phone) values ($1)', 'POST /customers', old)
  await pool.query('alter table public.customer add column email text not null')

  await requestBack(journal, { change: id, actor: 'kofi', reason: 'complaints' })
  await look()

  const refused = (await journal.read({ change: id })).findLast(({ type }) => type === 'refused')
  expect(refused?.data).toMatchObject({
    reason: expect.stringMatching(
      /public\.customer\.email.*POST \/customers|POST \/customers.*public\.customer\.email/s,
    ),
  })
  expect((await state())?.state).toBe('exposed')
})
