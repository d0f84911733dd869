import { expect, inject, type TestDatabase, test } from '#harness'
import { type Comparison, compareCatalogues } from '../catalogue/compare-catalogues.ts'
import { readCatalogue } from '../catalogue/read-catalogue.ts'
import { type DerivedUndo, deriveUndo } from './derive-undo.ts'

/** Up, then the derived undo, each in a transaction of its own. */
async function upAndBack(
  db: TestDatabase,
  given: string,
  up: string,
  afterUp = 'select 1',
  runsOn?: number,
): Promise<DerivedUndo & Comparison> {
  await db.pool.query(given)
  const before = await readCatalogue(db.pool)
  await db.pool.query(up)
  const derived = deriveUndo(before, await readCatalogue(db.pool), runsOn)
  await db.pool.query(afterUp)
  await db.pool.query(derived.statements.join(';\n'))
  return { ...derived, ...compareCatalogues(before, await readCatalogue(db.pool)) }
}

const rowsOf = async (db: TestDatabase, sql: string): Promise<unknown> => (await db.pool.query(sql)).rows

const people = `create table person (id int primary key, name text not null); insert into person values (1, 'Ama'), (2, 'Kofi');`

test('a renamed table and column are renamed back, with their rows', async ({ db }) => {
  const found = await upAndBack(
    db,
    `${people} create index on person (name); create view everybody as select name from person;`,
    'alter table person rename to customer; alter table customer rename name to full_name',
  )

  expect(found.grade).toBe('exact')
  expect(found.notes).toEqual([])
  expect(found.statements).toContain('alter table public.customer rename to person')
  expect(await rowsOf(db, 'select * from everybody order by 1')).toEqual([{ name: 'Ama' }, { name: 'Kofi' }])
})

test('a table that was put aside for a new one of its name comes back with its rows', async ({ db }) => {
  const found = await upAndBack(
    db,
    people,
    'alter table person rename to person_old; create table person (id bigint, email text unique)',
    `insert into person values (9, 'x')`,
  )

  expect(found.differences.filter(({ weight }) => weight === 'differs')).toEqual([])
  expect(found.notes).toEqual(['Table public.person goes, with its rows.'])
  expect(await rowsOf(db, 'select count(*)::int as n from person')).toEqual([{ n: 2 }])
})

test('two columns that exchanged their names get them back', async ({ db }) => {
  const found = await upAndBack(
    db,
    `create table t (a text, b text); insert into t values ('a', 'b')`,
    'alter table t rename a to x; alter table t rename b to a; alter table t rename x to b',
  )

  expect(found.grade).toBe('exact')
  expect(await rowsOf(db, 'select * from t')).toEqual([{ a: 'a', b: 'b' }])
})

test('a dropped column that must not be null comes back on a table with rows, and the note says with what', async ({
  db,
}) => {
  const found = await upAndBack(
    db,
    `${people} alter table person add score int not null default 5; alter table person alter score drop default`,
    'alter table person drop score',
  )

  expect(found.grade).toBe('exact')
  expect(found.notes).toEqual([
    'Column public.person.score must not be null and its values are gone: rows that are there get 0.',
  ])
  expect(await rowsOf(db, 'select score from person')).toEqual([{ score: 0 }, { score: 0 }])
})

test('a dropped unique column gets a number for each row, a dropped foreign key a row that is there', async ({
  db,
}) => {
  const found = await upAndBack(
    db,
    `${people} create table orders (id int primary key, ref text not null unique, person_id int not null references person);
     insert into orders values (1, 'a', 1), (2, 'b', 2);`,
    'alter table orders drop ref; alter table orders drop person_id',
  )

  expect(found.grade).toBe('exact')
  expect(await rowsOf(db, 'select ref, person_id in (1, 2) as fits from orders order by 1')).toEqual([
    { ref: '1', fits: true },
    { ref: '2', fits: true },
  ])
})

test('a column that may be null since then is filled before it may not', async ({ db }) => {
  const found = await upAndBack(
    db,
    people,
    'alter table person alter name drop not null',
    'insert into person values (3)',
  )

  expect(found.grade).toBe('exact')
  expect(await rowsOf(db, 'select name from person where id = 3')).toEqual([{ name: '' }])
})

test('a type changes back under views, a partial index, a default and a check', async ({ db }) => {
  const found = await upAndBack(
    db,
    `create table t (id int, state text not null default 'new' check (state <> ''));
     create index on t (state) where state = 'new';
     create view v as select state from t; create view w as select state from v; grant select on w to public;
     insert into t values (1, 'new');`,
    `create type state as enum ('new', 'paid'); drop view w; drop view v; alter table t drop constraint t_state_check;
     drop index t_state_idx; alter table t alter state drop default;
     alter table t alter state type state using state::state, alter state set default 'new';
     create view v as select state from t; create view w as select state from v`,
    `insert into t values (2, 'paid')`,
  )

  expect(found.grade).toBe('exact')
  expect(await rowsOf(db, 'select state from w order by 1')).toEqual([{ state: 'new' }, { state: 'paid' }])
})

test('an added label is taken away by a new type, and columns, defaults, indexes and views go over', async ({ db }) => {
  const found = await upAndBack(
    db,
    `create type mood as enum ('sad', 'ok');
     create table t (id int, mood mood not null default 'ok', many mood[]);
     create index t_ok on t (id) where mood = 'ok';
     create view v as select mood from t;
     create function worse(m mood) returns boolean language sql as $$select m = 'sad'$$;
     insert into t values (1, 'sad', '{ok,sad}');`,
    `alter type mood add value 'glad' before 'ok'`,
  )

  expect(found.grade).toBe('exact')
  expect(found.notes.join()).toContain('Rows that hold glad as public.mood stop the undo')
  expect(await rowsOf(db, 'select mood, many::text, worse(mood) from t')).toEqual([
    { mood: 'sad', many: '{ok,sad}', worse: true },
  ])
})

test('tables that refer to each other are dropped, and made again', async ({ db }) => {
  const circle = `create table a (id int primary key, b int); create table b (id int primary key, a int references a);
    alter table a add foreign key (b) references b`

  const made = await upAndBack(db, 'select 1', circle)
  const dropped = await upAndBack(db, circle, 'drop table a, b')

  expect(made.grade).toBe('exact')
  expect(dropped.grade).toBe('exact')
  expect(dropped.notes).toHaveLength(2)
})

test('a dropped table comes back whole: identity, serial, generated column, partitions, policy, trigger, comment, privileges', async ({
  db,
}) => {
  const found = await upAndBack(
    db,
    `create function touch() returns trigger language plpgsql as 'begin return new; end';
     create table parent (id int generated by default as identity (start 10 increment 5) primary key);
     create table t (id serial, p int not null references parent on delete set null, price numeric(10,2), twice numeric generated always as (price * 2) stored,
       "Odd Name" text collate "C" default E'it''s\\\\ x', unique (price) deferrable) with (fillfactor = 80);
     create trigger touched before update on t for each row when (new.price > 0) execute function touch(); alter table t disable trigger touched;
     alter table t enable row level security; create policy own on t for select using (price > 1);
     comment on column t.price is 'in ''pesewas'''; grant select (price), insert on t to public;
     create table log (at date, n int) partition by range (at); create index on log (n);
     create table log_1 partition of log for values from ('2020-01-01') to ('2021-01-01');
     create table log_rest partition of log default;
     create materialized view m as select price from t; create unique index on m (price);`,
    'drop table t, parent, log cascade; drop function touch',
  )

  expect(found.differences.filter(({ weight }) => weight !== 'cosmetic')).toEqual([])
})

test('a schema and an extension that came go, after what is in them', async ({ db }) => {
  const found = await upAndBack(
    db,
    people,
    `create extension citext; create schema shop; create domain shop.word as citext check (value <> '');
     create table shop.thing (id bigserial primary key, name shop.word, owner int references person); alter table person alter name type citext`,
  )

  expect(found.grade).toBe('exact')
  expect(await rowsOf(db, 'select name from person order by 1')).toEqual([{ name: 'Ama' }, { name: 'Kofi' }])
})

const hasOlder = inject('postgresVersion') > 15

test.skipIf(!hasOlder)(
  'what must run on an older server says nothing that only a newer one understands',
  async ({ db }) => {
    const found = await upAndBack(
      db,
      `create extension citext; create table person (id int, name text constraint named not null, note text);
     grant all on person to public; alter default privileges grant all on tables to public`,
      `alter table person alter name drop not null, alter note set storage external; drop extension citext;
     revoke all on person from public; alter default privileges revoke all on tables from public`,
      'select 1',
      15,
    )

    expect(found.differences.filter(({ weight }) => weight !== 'cosmetic')).toEqual([])
    expect(found.statements.join(';\n')).not.toMatch(/named|maintain|version|storage default/)
  },
)

test('nothing changed, nothing to do', async ({ db }) => {
  const found = await upAndBack(db, people, `insert into person values (4, 'Esi')`)

  expect(found.statements).toEqual([])
})

test('an index of partitions within partitions is whole again, also where it was put together from below', async ({
  db,
}) => {
  const found = await upAndBack(
    db,
    `create table entry (region text, day int) partition by list (region);
     create table entry_gh partition of entry for values in ('gh') partition by range (day);
     create table entry_gh_1 partition of entry_gh for values from (0) to (10);
     create index leaf on entry_gh_1 (day); create index middle on entry_gh (day); create index root on entry (day);`,
    'drop index root',
  )

  expect(found.grade).toBe('exact')
  expect(found.statements.filter((statement) => statement.includes('attach partition'))).toHaveLength(2)
})

test('how texts are compared and searched comes back, of each provider', async ({ db }) => {
  const found = await upAndBack(
    db,
    `create collation of_c (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
     create collation of_icu (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
     create table person (name text collate of_icu);
     create text search dictionary stems (template = snowball, language = 'english', stopwords = 'english');
     create text search configuration words (parser = default);
     alter text search configuration words add mapping for asciiword, word with stems, simple;
     create text search configuration kept (copy = words);`,
    `drop table person; drop collation of_c; drop collation of_icu; drop text search configuration words;
     alter text search configuration kept alter mapping for word with simple;
     alter text search configuration kept drop mapping for asciiword; drop text search dictionary stems;`,
  )

  expect(found.differences).toEqual([])
})

test('a domain is not null again by the name that its rule had', async ({ db }) => {
  const found = await upAndBack(
    db,
    'create domain cents as bigint constraint cents_there not null; create domain word as text constraint word_there not null',
    'drop domain cents; alter domain word drop not null',
  )

  expect(found.differences).toEqual([])
})
