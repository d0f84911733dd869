import Knex from 'knex'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { pino } from 'pino'
import { expect, onTestFinished, test } from '#harness'
import { createPool } from '../../db/index.ts'
import { LiveRequest } from '../live-request.ts'
import { observeClient, observePool } from '../observe-pool.ts'
import { contexts } from '../request-context.ts'
import { rollUp } from '../roll-up.ts'
import { testObserver } from '../testing/test-observer.ts'
import { readStatements } from './read-statements.ts'
import {
  createStatementRecorder,
  recordWith,
  type StatementLimits,
  type StatementRecorder,
} from './statement-recorder.ts'

const log = pino({ level: 'silent' })
const inRoute = <T>(route: string, work: () => T): T =>
  contexts.run(new LiveRequest({ requestId: 'r', route }, route, 0), work)

type Opened = { readonly recorder: StatementRecorder; readonly pool: pg.Pool }

function open(db: { readonly url: string; readonly pool: pg.Pool }, limits: Partial<StatementLimits> = {}): Opened {
  const recorder = createStatementRecorder({ pool: db.pool, release: 'r1', log, limits })
  const pool = observePool(createPool({ url: db.url, applicationName: 'test-statements' }))
  const stop = recordWith(recorder)
  onTestFinished(async () => {
    stop()
    await pool.end()
  })
  return { recorder, pool }
}

async function write(recorder: StatementRecorder, nowMs: number): Promise<void> {
  await recorder.digest(5_000)
  await recorder.write(nowMs)
}

test('every way to send a statement through pg is recorded once, with its routes', async ({ db }) => {
  const { recorder, pool } = open(db)
  await db.pool.query('create table item (id int primary key, name text)')

  await inRoute('GET /a', () => pool.query('select name from item where id = $1', [1]))
  await inRoute('GET /b', () => pool.query({ name: 'q', text: 'select name from item where id = $1', values: [2] }))
  await inRoute(
    'GET /a',
    () => new Promise((resolve) => pool.query('SELECT name FROM item WHERE id = 3', () => resolve(0))),
  )
  const client = await pool.connect()
  await client.query('begin')
  await client.query('insert into item values ($1, $2)', [1, null])
  await client.query({ text: 'insert into item values ($1, $2)' }, [2, 'kente'])
  const submitted = new Promise((resolve) => {
    const query = new pg.Query('delete from item where name = $1', ['kente'])
    query.on('end', resolve)
    client.query(query)
  })
  await submitted
  await client.query('commit')
  client.release()
  await write(recorder, Date.now())

  const found = await readStatements(db.pool)
  expect(found.map(({ text, parameterTypes, routes, n }) => ({ text, parameterTypes, routes, n }))).toEqual([
    {
      text: 'SELECT name FROM item WHERE id = $1',
      parameterTypes: ['int4 literal | number'],
      routes: ['GET /a', 'GET /b'],
      n: 3,
    },
    {
      text: 'INSERT INTO item VALUES ($1, $2)',
      parameterTypes: ['number', 'null | string'],
      routes: ['(no request)'],
      n: 2,
    },
    { text: 'DELETE FROM item WHERE name = $1', parameterTypes: ['string'], routes: ['(no request)'], n: 1 },
  ])
})

test('Kysely and Knex are heard', async ({ db }) => {
  const { recorder, pool } = open(db)
  await db.pool.query('create table item (id int primary key, name text)')
  const kysely = new Kysely<{ item: { id: number; name: string } }>({ dialect: new PostgresDialect({ pool }) })
  const knex = Knex({
    client: 'pg',
    connection: db.url,
    pool: {
      afterCreate(client: pg.Client, done: (error: null, client: pg.Client) => void) {
        observeClient(client)
        done(null, client)
      },
    },
  })
  onTestFinished(() => knex.destroy())

  await kysely
    .insertInto('item')
    .values([
      { id: 1, name: 'kente' },
      { id: 2, name: 'adinkra' },
    ])
    .execute()
  await sql`select name from item where id = ${1}`.execute(kysely)
  await knex('item').where({ name: 'kente' }).update({ name: 'adinkra' })
  await write(recorder, Date.now())

  expect((await readStatements(db.pool)).map((statement) => statement.text).sort()).toEqual([
    'INSERT INTO item (id, name) VALUES ($1, $2)',
    'SELECT name FROM item WHERE id = $1',
    'UPDATE item SET name = $1 WHERE name = $2',
  ])
})

test('no value of a parameter, of a text or of a comment is written', async ({ db }) => {
  const { recorder, pool } = open(db)
  const secrets = ['S3cretOne', 'S3cretTwo', '4111111111111111', 'S3cretFour']

  await pool.query('select $1::text as a, $2::text[] as b', ['S3cretOne', ['S3cretTwo']])
  await pool.query("select 'S3cretOne' as a, 4111111111111111 as b -- S3cretTwo")
  await pool.query("select set_config('app.token', 'S3cretFour', false)")
  await pool.query("set app.token = 'S3cretFour'")
  await pool.query('select 1 as "S3cretFour@example.com"')
  await pool.query("select 'S3cretOne' from nowhere").catch(() => {})
  await write(recorder, Date.now())

  const { rows } = await db.pool.query(
    'select statement::text as a, sent::text as b from sankofa.statement join sankofa.statement_route as sent on true',
  )
  expect(rows.length).toBeGreaterThan(0)
  for (const secret of secrets) expect(JSON.stringify(rows)).not.toContain(secret)
  expect(recorder.health().notRecorded).toBe(1)
})

test('a statement that PostgreSQL never took is not read back, and its error reaches the caller', async ({ db }) => {
  const { recorder, pool } = open(db)

  const errors = await Promise.all([
    pool.query('select missing from nowhere').catch((error: unknown) => error),
    inRoute('GET /a', () => pool.query('select missing from nowhere').catch((error: unknown) => error)),
    new Promise((resolve) => pool.query('select missing from nowhere', (error) => resolve(error))),
  ])
  await pool.query('select 1 / $1::int as x', [0]).catch(() => {})
  await write(recorder, Date.now())
  const before = await readStatements(db.pool)
  await pool.query('select 1 / $1::int as x', [1])
  await write(recorder, Date.now())
  const after = await readStatements(db.pool)

  for (const error of errors) expect(error).toMatchObject({ code: '42P01' })
  expect(before).toEqual([])
  expect(after.map((statement) => statement.text)).toEqual(['SELECT $1 / CAST($2 AS int) AS x'])
})

test('counts are written when they changed enough, and nothing is written when nothing is new', async ({ db }) => {
  const { recorder, pool } = open(db)
  const startMs = Date.now()
  const written = async (): Promise<number> => (await readStatements(db.pool))[0]?.n ?? 0
  const send = async (times: number): Promise<void> => {
    for (let index = 0; index < times; index += 1) await pool.query('select $1::int as n', [index])
  }

  await send(20)
  await write(recorder, startMs)
  expect(await written()).toBe(20)
  await send(1)
  await write(recorder, startMs + 60_000)
  expect(await written()).toBe(20)
  await send(1)
  await write(recorder, startMs + 120_000)
  expect(await written()).toBe(22)
  await send(1)
  await write(recorder, startMs + 720_000)
  expect(await written()).toBe(23)
})

test('several releases and processes are read as one, or by release and time', async ({ db }) => {
  const nowMs = Date.now()
  for (const [release, value, atMs] of [
    ['r1', 'text', nowMs - 3_600_000],
    ['r2', null, nowMs],
  ] as const) {
    const recorder = createStatementRecorder({ pool: db.pool, release, log })
    recorder.sent('select $1::text', [value], `GET /${release}`)
    const tally = recorder.sent({ text: 'select $1::text', values: [value] }, undefined, `GET /${release}`)
    if (tally !== undefined) tally.succeeded = true
    await write(recorder, atMs)
  }

  const [all] = await readStatements(db.pool)
  const only = await readStatements(db.pool, { release: 'r1' })
  const recent = await readStatements(db.pool, { sinceMs: nowMs - 60_000 })

  expect(all).toMatchObject({
    n: 4,
    releases: ['r1', 'r2'],
    routes: ['GET /r1', 'GET /r2'],
    parameterTypes: ['null | string'],
  })
  expect(all?.lastSeen.getTime()).toBe(nowMs)
  expect(only).toMatchObject([{ n: 2, releases: ['r1'] }])
  expect(recent).toMatchObject([{ n: 2, releases: ['r2'] }])
})

test('memory is bounded, what is dropped is counted, and texts that come again find room', async ({ db }) => {
  const { recorder } = open(db, { texts: 10, pairs: 20 })

  for (let index = 0; index < 100; index += 1) recorder.sent(`select ${index} from t`, undefined, 'GET /a')
  expect(recorder.health().dropped).toBe(90)
  await write(recorder, Date.now())
  for (let index = 0; index < 9; index += 1) recorder.sent('select a from t where b = $1', [index], 'GET /b')
  recorder.sent(`select '${'x'.repeat(30_000)}'`, undefined, 'GET /b')
  await write(recorder, Date.now())

  expect(recorder.health()).toMatchObject({ dropped: 91, texts: 2 })
  const { rows } = await db.pool.query(
    'select statement.text, sent.n::int from sankofa.statement join sankofa.statement_route as sent on sent.statement_id = statement.id order by sent.n',
  )
  expect(rows).toEqual([
    { text: 'SELECT a FROM t WHERE b = $1', n: 9 },
    { text: 'SELECT $1 FROM t', n: 10 },
  ])
})

test('when PostgreSQL does not take it, nothing is lost and nothing fails', async ({ db }) => {
  const away = createPool({ url: 'postgres://127.0.0.1:1/none', applicationName: 'test-away' })
  onTestFinished(() => away.end())
  let target: pg.Pool = away
  const recorder = createStatementRecorder({
    pool: { query: (query: pg.QueryConfig) => target.query(query) } as pg.Pool,
    release: 'r1',
    log,
  })
  const tally = recorder.sent('select $1::int', [1], 'GET /a')
  if (tally !== undefined) tally.succeeded = true

  await write(recorder, Date.now())
  target = db.pool
  await write(recorder, Date.now())

  expect(await readStatements(db.pool)).toMatchObject([
    { text: 'SELECT CAST($1 AS int)', n: 1, parameterTypes: ['number'] },
  ])
})

test('what was not seen for 14 days is deleted', async ({ db }) => {
  const { recorder, pool } = open(db)
  const dayMs = 24 * 60 * 60_000
  const nowMs = Date.now()
  await pool.query('select 1')
  await write(recorder, nowMs - 13 * dayMs)

  await rollUp(db.pool, nowMs)
  expect(await readStatements(db.pool)).toHaveLength(1)
  await rollUp(db.pool, nowMs + 2 * dayMs)

  const { rows } = await db.pool.query('select count(*)::int as n from sankofa.statement')
  expect(rows).toEqual([{ n: 0 }])
})

test('an observer records what its requests send, also in a process that lives for seconds', async ({ db }) => {
  const pool = observePool(createPool({ url: db.url, applicationName: 'test-statements' }))
  onTestFinished(() => pool.end())
  const { observer } = testObserver({ pool: db.pool })

  const request = observer.begin({ requestId: 'r', route: 'GET /items/:id' })
  await observer.run(request, () => pool.query('select $1::int as item', [1]))
  observer.end(request, { status: 200 })
  await observer.stop()
  await pool.query('select 2 as after_the_end')

  const found = await readStatements(db.pool)
  expect(found.map(({ text, routes, releases }) => ({ text, routes, releases }))).toEqual([
    { text: 'SELECT CAST($1 AS int) AS item', routes: ['GET /items/:id'], releases: ['r1'] },
  ])
  expect(observer.health().statements).toEqual({ texts: 1, dropped: 0, notRecorded: 0 })
})

test('an observer that was told not to records nothing', async ({ db }) => {
  const pool = observePool(createPool({ url: db.url, applicationName: 'test-statements' }))
  onTestFinished(() => pool.end())
  const { observer } = testObserver({ pool: db.pool, recordStatements: false })

  await pool.query('select $1::int as item', [1])
  await observer.stop()

  expect(await readStatements(db.pool)).toEqual([])
  expect(observer.health().statements).toBeUndefined()
})
