import pg from 'pg'
import { asAdmin, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { compareCatalogues } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import { imageRows } from '../rows/image-rows.ts'
import { eraseSubject } from './erase-subject.ts'
import { expireStashes, listStashes, settleStash } from './stashes.ts'
import { rowsOfTable, sqlStep, tripOf } from './testing/trip.ts'

const person = `create table city (id int primary key); insert into city values (1), (2);
  create table person (id int generated always as identity primary key, phone text, name text not null default 'x', city_id int not null default 1 references city);
  insert into person (phone, name, city_id) values ('024', 'Ama', 1), (null, 'Kofi', 2), ('', 'Esi', 1); analyze person`
const dropPhone = ['alter table person drop column phone', 'alter table person add column phone text'] as const
const instant = { hideFrom: 0 }

/** Without the stash, a column that is added again is the last one. */
async function columnsOf(db: TestDatabase, table: string): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows.map(({ name }) => name)
}

const howOf = async (db: TestDatabase, up: string, undo: string, more = {}): Promise<readonly string[]> => {
  const plan = await tripOf(db.pool, up, undo, { ...instant, ...more }).plan('up')
  return plan.keeps.map(({ table, how }) => `${table.name} ${how}`)
}

test('a hidden column comes back in its place, with what was written meanwhile, and the catalogue is what it was', async ({
  db,
}) => {
  await db.pool.query(person)
  const catalogue = await readCatalogue(db.pool)
  const trip = tripOf(db.pool, ...dropPhone, instant)

  const kept = await trip.up()
  const hidden = await columnsOf(db, 'person')
  const seen = await imageRows(db.pool)
  await db.pool.query(
    `update person set name = 'new' where id = 1; delete from person where id = 3; insert into person (name) values ('Yaw')`,
  )
  const back = await trip.undo()

  expect(hidden).toEqual(['id', 'sankofa_hidden_1_1', 'name', 'city_id'])
  expect(seen.tables.find(({ table }) => table === 'public.person')?.columns.map(({ name }) => name)).toEqual([
    ...['id', 'name', 'city_id'],
  ])
  expect(kept.kept).toMatchObject([{ table: 'public.person', bytes: 0, stash: 'public.person' }])
  expect(back.restored).toMatchObject([{ table: 'public.person', left: 0 }])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,024,new,1)', '(2,,Kofi,2)', '(4,,Yaw,1)'])
  expect(compareCatalogues(catalogue, await readCatalogue(db.pool)).grade).toBe('exact')
  expect(await listStashes(db.pool)).toMatchObject([{ state: 'restored', rows: 0n }])
})

test('the schema with a hidden column is the schema without the column', async ({ db }) => {
  await db.pool.query(`${person}; create unique index on person (name, phone); create statistics s on phone, name from person;
    alter table person add constraint short check (length(phone) < 9 and name <> '')`)
  const up = 'alter table person drop column phone, add column bio text'
  const client = await db.pool.connect()
  await client.query(`begin; ${up}`)
  const plain = await readCatalogue(client)
  await client.query('rollback')
  client.release()

  await tripOf(db.pool, up, `${dropPhone[1]}; alter table person drop column bio`, instant).up()

  expect(await columnsOf(db, 'person')).toContain('sankofa_hidden_1_1')
  expect(compareCatalogues(plain, await readCatalogue(db.pool)).grade).toBe('exact')
})

test('a column with a default, an index and a foreign key is hidden, and rows added since get the default', async ({
  db,
}) => {
  await db.pool.query(`${person}; create index person_city on person (city_id)`)
  const catalogue = await readCatalogue(db.pool)
  const trip = tripOf(
    db.pool,
    'alter table person drop column city_id',
    `alter table person add column city_id int not null default 1, add constraint person_city_id_fkey foreign key (city_id) references city; create index person_city on person (city_id)`,
    instant,
  )

  await trip.up()
  await db.pool.query(`insert into person (phone, name) values ('9', 'Yaw')`)
  const between = await columnsOf(db, 'person')
  await trip.undo()
  await trip.up()
  await trip.undo()

  expect(between.at(-1)).toBe('sankofa_hidden_1_1')
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,024,Ama,1)', '(2,,Kofi,2)', '(3,"",Esi,1)', '(4,9,Yaw,1)'])
  expect(compareCatalogues(catalogue, await readCatalogue(db.pool)).grade).toBe('exact')
})

test('what only the new schema could hold is hidden by the undo, and back with the second up', async ({ db }) => {
  await db.pool.query(person)
  const trip = tripOf(
    db.pool,
    'alter table person drop column phone, add column bio text',
    'alter table person drop column bio, add column phone text',
    instant,
  )

  await trip.up()
  await db.pool.query(`update person set bio = 'sings' where id = 2`)
  await trip.undo()
  const between = await columnsOf(db, 'person')
  await db.pool.query(`update person set phone = '7' where id = 3`)
  await trip.up()
  const { rows } = await db.pool.query('select id, bio from person order by id')
  await trip.undo()

  expect(between).toEqual(['id', 'phone', 'name', 'city_id', 'sankofa_hidden_2_1'])
  expect(rows.map(({ bio }) => bio)).toEqual([null, 'sings', null])
  expect((await rowsOfTable(db.pool, 'person')).map((row) => row.slice(0, 8))).toEqual([
    '(1,024,A',
    '(2,,Kofi',
    '(3,7,Esi',
  ])
})

test('nothing is hidden where that would not be exact', async ({ db }) => {
  await db.pool.query(`${person}; create type mood as enum ('x'); create table other (id serial primary key, mood mood, code varchar(9) unique,
      twice int generated always as (1) stored, nr numeric(8, 2));
    create table keyless (a int, b int); create table friend (code varchar(9) references other (code)); create view names as select name from person;
    create table part (id int primary key, b int) partition by range (id); create table child (c int) inherits (keyless);
    create function pg_temp.f(person) returns int language sql return 1`)
  const drop = (table: string, column: string, type: string): Promise<readonly string[]> =>
    howOf(db, `alter table ${table} drop column ${column}`, `alter table ${table} add column ${column} ${type}`)

  expect(await drop('other', 'nr', 'numeric(8,2)')).toEqual(['other hide'])
  for (const [column, type] of [
    ['nr', 'numeric(8,3)'],
    ['nr', 'numeric'],
    ['nr', `numeric(8,2) default 0`],
    ['nr', `numeric(8,2) unique`],
    ['mood', 'mood'],
    ['code', 'varchar(9)'],
    ['id', 'int not null'],
  ] as const) {
    expect(await drop('other', column, type), `${column} ${type}`).toEqual(['other copy'])
  }
  expect(await drop('keyless', 'b', 'int')).toContain('keyless copy')
  expect(await drop('part', 'b', 'int')).toEqual(['part copy'])
  expect(await drop('person', 'phone', 'text')).toEqual(['person copy'])
  await db.pool.query('drop function pg_temp.f(person)')
  expect(await drop('person', 'phone', 'text')).toEqual(['person hide'])
  expect(await howOf(db, ...dropPhone, { hideFrom: 4 })).toEqual(['person copy'])
  expect(await howOf(db, ...dropPhone, { positional: ['public.person'] })).toEqual(['person copy'])
  expect(
    await howOf(
      db,
      `${dropPhone[0]}; create table copied as select * from person`,
      `${dropPhone[1]}; drop table copied`,
    ),
  ).toEqual(['person copy'])
  expect(await howOf(db, `${dropPhone[0]} cascade`, dropPhone[1])).toEqual(['person copy'])
  expect(await howOf(db, dropPhone[0], `${dropPhone[1]}; update person set phone = name`)).toEqual(['person copy'])
  expect(await howOf(db, `${dropPhone[0]}; delete from person where id = 1`, dropPhone[1])).toEqual(['person copy'])
  await db.pool.query(`create publication p for table person`)
  expect(await howOf(db, ...dropPhone)).toEqual(['person copy'])
})

test('a step that would make away with a hidden column copies it first, and both steps can be taken back', async ({
  db,
}) => {
  await db.pool.query(person)
  const before = await rowsOfTable(db.pool, 'person')
  const first = tripOf(db.pool, ...dropPhone, { ...instant, migration: 'a' })
  const second = tripOf(db.pool, 'delete from person where id = 1', '', { ...instant, migration: 'b' })

  await first.up()
  await second.up()
  const between = await columnsOf(db, 'person')
  await second.undo()
  await first.undo()

  const { rows } = await db.pool.query(`select (id, phone, name, city_id)::text as row from person order by id`)
  expect(between).toEqual(['id', 'name', 'city_id'])
  expect(rows.map(({ row }) => row)).toEqual(before)
})

test('settling and expiring drop the hidden column for good, and a person is erased from it', async ({ db }) => {
  await db.pool.query(`${person}; create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger no before update on person for each row execute function no()`)
  await tripOf(db.pool, ...dropPhone, { ...instant, migration: 'a' }).up({ now: new Date('2026-01-01') })
  await tripOf(
    db.pool,
    'alter table person drop column name',
    `alter table person add column name text not null default 'x'`,
    {
      ...instant,
      migration: 'b',
    },
  ).up()

  const erased = await eraseSubject(db.pool, [{ column: 'phone', value: '024' }])
  const { rows } = await db.pool.query(
    `select sankofa_hidden_1_1 as phone, sankofa_hidden_2_1 as name from person order by id`,
  )
  await expireStashes(db.pool, new Date('2026-02-01'))
  const between = await columnsOf(db, 'person')
  await settleStash(db.pool, 'b')

  expect(erased).toMatchObject([{ table: 'public.person', rows: 1 }])
  expect(rows).toEqual([
    { phone: null, name: 'Ama' },
    { phone: null, name: 'Kofi' },
    { phone: '', name: 'Esi' },
  ])
  expect(between).toEqual(['id', 'sankofa_hidden_2_1', 'city_id'])
  expect(await columnsOf(db, 'person')).toEqual(['id', 'city_id'])
})

test('a step that fails after hiding leaves everything as it was, and so does one that says nothing of it', async ({
  db,
}) => {
  await db.pool.query(person)
  const before = await rowsOfTable(db.pool, 'person')

  await expect(
    tripOf(
      db.pool,
      `${dropPhone[0]}; drop table city cascade; select 1 / 0`,
      `${dropPhone[1]}; create table city (id int primary key)`,
      instant,
    ).up(),
  ).rejects.toThrow(/division by zero/)

  expect(await rowsOfTable(db.pool, 'person')).toEqual(before)
  expect(await columnsOf(db, 'person')).toEqual(['id', 'phone', 'name', 'city_id'])
  expect(await listStashes(db.pool)).toEqual([])
})

test('an undo that was changed since and writes the column itself keeps what it writes', async ({ db }) => {
  await db.pool.query(person)
  await tripOf(db.pool, ...dropPhone, instant).up()

  await tripOf(
    db.pool,
    dropPhone[0],
    sqlStep(`${dropPhone[1]}; update person set phone = 'told' where id = 2`),
    instant,
  ).undo()

  const { rows } = await db.pool.query('select phone from person order by id')
  expect(rows.map(({ phone }) => phone)).toEqual(['024', 'told', ''])
})

test('a moved table comes back with its rows, its numbers, its indexes and the foreign keys on it', async ({ db }) => {
  await db.pool.query(person)
  const before = await rowsOfTable(db.pool, 'city')
  const catalogue = await readCatalogue(db.pool)
  const make = `create table person (id int generated always as identity primary key, phone text, name text not null default 'x', city_id int not null default 1 references city)`
  await db.pool.query('create index person_name on person (name)')
  const trip = tripOf(db.pool, 'drop table person', `${make}; create index person_name on person (name)`, instant)
  const people = await rowsOfTable(db.pool, 'person')
  const cities = tripOf(
    db.pool,
    'drop table city cascade',
    'create table city (id int primary key); alter table person add foreign key (city_id) references city',
    { ...instant, migration: 'cities' },
  )

  const kept = await trip.up()
  const gone = await columnsOf(db, 'person')
  const { restored } = await trip.undo()
  const keptCities = await cities.up()
  await cities.undo()
  await trip.up()
  await trip.undo()
  const next = await db.pool.query(`insert into person (name) values ('Yaw') returning id`)
  await db.pool.query('delete from person where id = 4; drop index person_name')

  expect([kept.kept, keptCities.kept].map(([one]) => one?.stash)).toEqual(['sankofa_stash.m1', 'sankofa_stash.m2'])
  expect(gone).toEqual([])
  expect(restored).toMatchObject([{ table: 'public.person', inserted: 3, left: 0 }])
  expect([await rowsOfTable(db.pool, 'city'), await rowsOfTable(db.pool, 'person')]).toEqual([before, people])
  expect(next.rows).toEqual([{ id: 4 }])
  expect(compareCatalogues(catalogue, await readCatalogue(db.pool)).grade).toBe('exact')
})

test('rows of a moved table that fit no more are put back one by one, and the others are left and told', async ({
  db,
}) => {
  await db.pool.query(person)
  const trip = tripOf(
    db.pool,
    'drop table person',
    `create table person (id int generated always as identity primary key, phone text, name text not null default 'x', city_id int not null default 1 references city)`,
    instant,
  )

  await trip.up()
  await db.pool.query('delete from city where id = 2')
  const { restored } = await trip.undo()

  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,024,Ama,1)', '(3,"",Esi,1)'])
  expect(restored).toMatchObject([{ inserted: 2, left: 1 }])
})

test('a table is copied where moving it would not be the same as dropping it', async ({ db }) => {
  await db.pool.query(`create type mood as enum ('x'); create table moody (id int primary key, mood mood);
    create table plain (id serial primary key, note text); create table seen (id int primary key); create view eye as select * from seen;
    create table fired (id int primary key); create function nothing() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger t after insert on fired for each row execute function nothing()`)

  expect(await howOf(db, 'drop table plain', 'create table plain (id serial primary key, note text)')).toEqual([
    'plain move',
  ])
  expect(await howOf(db, 'drop table plain', '')).toEqual(['plain copy'])
  expect(
    await howOf(db, 'drop table plain', `create table plain (id serial, note text); insert into plain values (1)`),
  ).toEqual(['plain copy'])
  expect(await howOf(db, 'drop table moody', 'create table moody (id int primary key, mood mood)')).toEqual([
    'moody copy',
  ])
  expect(await howOf(db, 'drop table seen cascade', 'create table seen (id int primary key)')).toEqual(['seen copy'])
  expect(await howOf(db, 'drop table fired', 'create table fired (id int primary key)')).toEqual(['fired copy'])
})

test('an unprivileged owner hides and moves, and nobody else looks into a moved table', async ({ db }) => {
  const role = `instant_${process.pid}_${Date.now()}`
  await asAdmin((admin) => admin.query(`create role ${role} login password 'x' nosuperuser`))
  await db.pool.query(`grant create on database ${new URL(db.url).pathname.slice(1)} to ${role}; grant create, usage on schema public to ${role};
    grant usage on schema sankofa to ${role}; grant all on all tables in schema sankofa to ${role}; grant all on all sequences in schema sankofa to ${role}`)
  const url = new URL(db.url)
  url.username = role
  url.password = 'x'
  const client = new pg.Client({ connectionString: url.href })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(async () => {
    await client.end().catch(() => {})
    await asAdmin((admin) => admin.query(`drop role ${role}`))
  })
  await client.query(
    `${person}; create table note (id serial primary key, text text); insert into note (text) values ('a'); grant select on note to public`,
  )
  const trip = tripOf(
    db.pool,
    `${dropPhone[0]}; drop table note`,
    `${dropPhone[1]}; create table note (id serial primary key, text text)`,
    { ...instant, client },
  )

  await trip.up()
  const { rows } = await client.query(`select has_table_privilege('pg_monitor', 'sankofa_stash.m2', 'select') as may`)
  await trip.undo()

  expect(rows).toEqual([{ may: false }])
  expect(await rowsOfTable(client, 'note')).toEqual(['(1,a)'])
  expect(await rowsOfTable(client, 'person')).toEqual(['(1,024,Ama,1)', '(2,,Kofi,2)', '(3,"",Esi,1)'])
})
