import pg from 'pg'
import { expect, test } from '#harness'
import { runStep } from '../run/run-step.ts'
import { asText } from './as-text.ts'
import { eraseSubject } from './erase-subject.ts'
import { planStash } from './plan-stash.ts'
import { dropStash, listStashes } from './stashes.ts'
import { stashing } from './stashing.ts'
import { rowsOfTable, sqlStep, tripOf } from './testing/trip.ts'

const person = `create table person (id int primary key, phone text, name text);
  insert into person values (1, '024', 'Ama'), (2, '020', 'Kofi')`
const dropPhone = ['alter table person drop column phone', 'alter table person add column phone text'] as const
const makePerson = 'create table person (id int primary key, phone text, name text)'
const instant = { hideFrom: 0 }

test('a person is erased from a moved table, and a dropped stash takes the table with it', async ({ db }) => {
  await db.pool.query(person)
  const trip = tripOf(db.pool, 'drop table person', makePerson, instant)

  await trip.up()
  const erased = await eraseSubject(db.pool, [{ value: '020' }])
  await trip.undo()
  const back = await rowsOfTable(db.pool, 'person')
  await trip.up()
  const [{ id } = { id: 0n }] = await listStashes(db.pool)
  await dropStash(db.pool, id)

  expect(erased).toMatchObject([{ table: 'public.person', rows: 1 }])
  expect(back).toEqual(['(1,024,Ama)'])
  const { rows } = await db.pool.query(`select to_regclass('sankofa_stash.m${id}') as there`)
  expect(rows).toEqual([{ there: null }])
  await expect(trip.undo()).rejects.toMatchObject({ code: 'STASH_GONE' })
})

test('an undo whose hidden column somebody has dropped is refused', async ({ db }) => {
  await db.pool.query(person)
  const trip = tripOf(db.pool, ...dropPhone, instant)
  await trip.up()

  await db.pool.query('alter table person drop column sankofa_hidden_1_1')

  await expect(trip.undo()).rejects.toMatchObject({ code: 'STASH_TAMPERED' })
})

test('a later step that shows all columns does not show a hidden one', async ({ db }) => {
  await db.pool.query(person)
  const first = tripOf(db.pool, ...dropPhone, { ...instant, migration: 'a' })
  const second = tripOf(db.pool, 'create view everybody as select * from person', 'drop view everybody', {
    ...instant,
    migration: 'b',
  })

  await first.up()
  await second.up()
  const seen = await rowsOfTable(db.pool, 'everybody')
  await second.undo()
  await first.undo()

  expect(seen).toEqual(['(1,Ama)', '(2,Kofi)'])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama,024)', '(2,Kofi,020)'])
})

test('a table with a hidden column that is dropped later comes back with the column', async ({ db }) => {
  await db.pool.query(person)
  const first = tripOf(db.pool, ...dropPhone, { ...instant, migration: 'a' })
  const second = tripOf(db.pool, 'drop table person', 'create table person (id int primary key, name text)', {
    ...instant,
    migration: 'b',
  })

  await first.up()
  await second.up()
  await second.undo()
  await first.undo()

  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama,024)', '(2,Kofi,020)'])
})

test('what a module sends is copied, and a module gets back what was hidden', async ({ db }) => {
  await db.pool.query(person)
  const module = (sql: string) => ({
    kind: 'code' as const,
    transaction: true,
    source: '',
    run: async (client: { query(sql: string): Promise<unknown> }) => {
      await client.query(sql)
    },
  })
  const seen = asText(module(dropPhone[0]), [dropPhone[0]])

  const plans = [
    await planStash(db.pool, seen, { ...instant, opposite: sqlStep(dropPhone[1]) }),
    await planStash(db.pool, sqlStep(dropPhone[0]), {
      ...instant,
      opposite: asText(module(dropPhone[1]), [dropPhone[1]]),
    }),
    await planStash(db.pool, sqlStep(dropPhone[0], 'none'), { ...instant, opposite: sqlStep(dropPhone[1]) }),
  ]
  await tripOf(db.pool, ...dropPhone, instant).up()
  await tripOf(db.pool, dropPhone[0], module(dropPhone[1]), { ...instant, observed: [] }).undo()

  expect(plans.map(({ keeps }) => keeps.map(({ how }) => how))).toEqual([['copy'], ['copy'], ['copy']])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama,024)', '(2,Kofi,020)'])
})

test('a connection that dies after hiding and moving leaves everything as it was', async ({ db }) => {
  await db.pool.query(`${person}; create table note (id serial primary key); insert into note default values`)
  const client = new pg.Client({ connectionString: db.url })
  await client.connect()
  client.on('error', () => {})
  const step = sqlStep(`${dropPhone[0]}; drop table note; select 1`)
  const plan = await planStash(client, step, {
    ...instant,
    opposite: sqlStep(`${dropPhone[1]}; create table note (id serial primary key)`),
  })
  const around = stashing({ migration: 'x', direction: 'up', plan, budgetBytes: 1, now: new Date() })
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  let moved: unknown
  const watcher = {
    ...around.watcher,
    async before(...[sent, own]: Parameters<NonNullable<typeof around.watcher.before>>) {
      if (sent.sql === 'select 1') {
        moved = (await own.query(`select to_regclass('sankofa_stash.m2') is not null as moved`)).rows
        await db.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      }
      return around.watcher.before?.(sent, own)
    },
  }

  await expect(runStep(client, step, watcher, around.frame)).rejects.toThrow()
  await client.end().catch(() => {})

  expect(plan.keeps.map(({ how }) => how)).toEqual(['hide', 'move'])
  expect(moved).toEqual([{ moved: true }])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,024,Ama)', '(2,020,Kofi)'])
  expect(await rowsOfTable(db.pool, 'note')).toEqual(['(1)'])
  expect(await listStashes(db.pool)).toEqual([])
})

test('a step that also writes another table tries its undo out with the hidden column back', async ({ db }) => {
  await db.pool.query(
    `${person}; create table city (id int primary key, name text); insert into city values (1, 'Accra')`,
  )
  const trip = tripOf(
    db.pool,
    `${dropPhone[0]}; update city set name = lower(name)`,
    `${dropPhone[1]}; create index person_phone on person (phone)`,
    instant,
  )

  const { kept } = await trip.up()
  await trip.undo()

  expect(kept.map(({ table, stash }) => [table, stash])).toEqual([
    ['public.person', 'public.person'],
    ['public.city', 'sankofa_stash.s2'],
  ])
  expect(await rowsOfTable(db.pool, 'city')).toEqual(['(1,Accra)'])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,024,Ama)', '(2,020,Kofi)'])
})
