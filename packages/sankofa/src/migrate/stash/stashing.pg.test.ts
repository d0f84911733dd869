import pg from 'pg'
import { expect, onTestFinished, test } from '#harness'
import type { StepClient } from '../migration.ts'
import { runStep } from '../run/run-step.ts'
import { planStash } from './plan-stash.ts'
import { listStashes } from './stashes.ts'
import { stashing } from './stashing.ts'
import { rowsOfTable, sqlStep, tripOf } from './testing/trip.ts'

test('a dropped column comes back with its values, and only rows that had one were kept', async ({ db }) => {
  await db.pool.query(`
    create table person (id int primary key, name text not null, phone text);
    insert into person values (1, 'Ama', '024'), (2, 'Kofi', null), (3, 'Esi', '')`)
  const before = await rowsOfTable(db.pool, 'person')
  const trip = tripOf(db.pool, 'alter table person drop column phone', 'alter table person add column phone text')

  const kept = await trip.up()
  const back = await trip.undo()

  expect(kept.kept).toMatchObject([{ table: 'public.person', rows: 2 }])
  expect(back.restored).toMatchObject([{ table: 'public.person', updated: 2, left: 0 }])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(before)
  expect(await listStashes(db.pool)).toMatchObject([{ state: 'restored', rows: 0n }])
})

test('addresses made lower-case come back, except those that were written since', async ({ db }) => {
  await db.pool.query(`
    create table person (id int primary key, email text not null, seen int);
    insert into person select n, 'Person' || n || '@X.com', n from generate_series(1, 5) as n`)
  const trip = tripOf(db.pool, 'update person set email = lower(email)', '')

  await trip.up()
  await db.pool.query(`
    update person set email = 'new@x.com' where id = 1;
    update person set seen = 99 where id = 2;
    delete from person where id = 3;
    insert into person values (9, 'added@x.com', 9)`)
  const { restored } = await trip.undo()

  expect(await rowsOfTable(db.pool, 'person')).toEqual([
    '(1,new@x.com,1)',
    '(2,Person2@X.com,99)',
    '(4,Person4@X.com,4)',
    '(5,Person5@X.com,5)',
    '(9,added@x.com,9)',
  ])
  expect(restored).toMatchObject([{ updated: 3, deletedSince: 1, writtenSince: 1, left: 0 }])
})

test('dropped tables come back with their rows, parents first, and their sequence goes on', async ({ db }) => {
  await db.pool.query(`
    create table author (id serial primary key, name text);
    create table book (id serial primary key, author_id int not null references author, sequel_of int references book);
    insert into author (name) values ('Ama'), ('Kofi');
    insert into book (author_id, sequel_of) values (1, null), (2, 1), (1, 2)`)
  const before = [await rowsOfTable(db.pool, 'author'), await rowsOfTable(db.pool, 'book')]
  const trip = tripOf(
    db.pool,
    'drop table book, author',
    `create table author (id serial primary key, name text);
     create table book (id serial primary key, author_id int not null references author, sequel_of int references book)`,
  )

  await trip.up()
  await trip.undo()

  expect([await rowsOfTable(db.pool, 'author'), await rowsOfTable(db.pool, 'book')]).toEqual(before)
  const next = await db.pool.query(`insert into book (author_id) values (1) returning id`)
  expect(next.rows).toEqual([{ id: 4 }])
})

test('deleted and truncated rows come back, also those that went by a foreign key', async ({ db }) => {
  await db.pool.query(`
    create table customer (id int primary key, old boolean);
    create table invoice (id int primary key, customer_id int references customer on delete cascade, note text);
    create table visit (id int primary key, customer_id int references customer on delete set null);
    create table log (line text);
    insert into customer values (1, true), (2, false);
    insert into invoice values (1, 1, 'a'), (2, 2, 'b');
    insert into visit values (1, 1), (2, 2);
    insert into log values ('x'), ('x'), (null)`)
  const tables = ['customer', 'invoice', 'visit', 'log']
  const before = await Promise.all(tables.map((table) => rowsOfTable(db.pool, table)))
  const trip = tripOf(db.pool, 'delete from customer where old; truncate log', '')

  await trip.up()
  expect(await rowsOfTable(db.pool, 'invoice')).toHaveLength(1)
  await trip.undo()

  expect(await Promise.all(tables.map((table) => rowsOfTable(db.pool, table)))).toEqual(before)
})

test('a step that is tried again after it was rolled back keeps what is there then', async ({ db }) => {
  await db.pool.query(`
    create table person (id int primary key, phone text);
    insert into person values (1, '024'), (2, '020')`)
  const step = sqlStep('alter table person drop column phone')
  const undo = sqlStep('alter table person add column phone text')
  const client = await db.pool.connect()
  onTestFinished(() => client.release())
  const plan = await planStash(client, step, { opposite: undo })
  const around = stashing({ migration: '1', direction: 'up', plan, budgetBytes: 100_000_000, now: new Date() })
  const deadlocked = {
    ...around.frame,
    ending: async () => {
      throw new Error('deadlock detected')
    },
  }

  await expect(runStep(client, step, around.watcher, deadlocked)).rejects.toThrow('deadlock')
  await db.pool.query(`insert into person values (3, '055')`)
  await runStep(client, step, around.watcher, around.frame)

  expect(around.report().kept).toMatchObject([{ table: 'public.person', rows: 3 }])
})

const severally = {
  up: `begin; delete from person where id = 1; commit;
       begin; update person set name = 'gone'; delete from visit; commit;
       begin; alter table person drop column phone; commit`,
  undo: `begin; alter table person add column phone text; commit;
         begin; update person set name = name || ' again'; commit;
         begin; select 1; commit`,
}

for (const blind of [false, true]) {
  for (const direction of ['up', 'undo'] as const) {
    for (const failsAt of [0, 1, 2, 3]) {
      test(`a step of several transactions whose ${direction} is ${failsAt === 3 ? 'not tried again' : `tried again from transaction ${failsAt} on`} gives everything back${blind ? ', its opposite unknown' : ''}`, async ({
        db,
      }) => {
        await db.pool.query(`
          create table person (id int primary key, name text, phone text);
          create table visit (id int primary key, at date);
          insert into person values (1, 'Ama', '024'), (2, 'Kofi', '020'), (3, 'Esi', null);
          insert into visit values (1, '2026-01-02'), (2, '2026-03-04')`)
        const before = [await rowsOfTable(db.pool, 'person'), await rowsOfTable(db.pool, 'visit')]
        const steps = { up: sqlStep(severally.up), undo: sqlStep(severally.undo) }
        const client = new pg.Client({ connectionString: db.url })
        await client.connect()
        const run = async (way: 'up' | 'undo'): Promise<void> => {
          const plan = await planStash(
            client,
            steps[way],
            blind ? {} : { opposite: steps[way === 'up' ? 'undo' : 'up'] },
          )
          const around = stashing({ migration: '1', direction: way, plan, budgetBytes: 1e9, now: new Date() })
          let fails = way === direction
          const frame = {
            ...around.frame,
            ending: async (unit: number, on: StepClient, last: boolean) => {
              await around.frame.ending?.(unit, on, last)
              if (!fails || unit !== failsAt) return
              fails = false
              throw new Error('canceling statement due to lock timeout')
            },
          }
          const first = await runStep(client, steps[way], around.watcher, frame).catch((error: Error) => error.message)
          if (fails || way !== direction) return
          expect(first).toContain('lock timeout')
          await runStep(client, steps[way], around.watcher, { ...frame, firstUnit: failsAt })
          const { kept, restored } = around.report()
          const names = (way === 'up' ? kept : restored).map(({ table }) => table)
          expect(new Set(names).size).toBe(names.length)
        }

        await run('up')
        await run('undo')
        await client.end()

        expect([await rowsOfTable(db.pool, 'person'), await rowsOfTable(db.pool, 'visit')]).toEqual(before)
      })
    }
  }
}
