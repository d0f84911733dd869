import { expect, test } from '#harness'
import { fillRows } from './fill-rows.ts'
import { withClient } from './testing/with-client.ts'

const tame = { rowsPerTable: 6, seed: 1, tame: true }

test('tame rows have no NULL where there may be one, and repeat nothing', async ({ db }) => {
  await db.pool.query('create table thing (id serial primary key, word text, number int, parent int references thing)')
  const filled = await withClient(db.pool, (client) => fillRows(client, { rowsPerTable: 6, seed: 1, tame: true }))

  const { rows } = await db.pool.query<{ word: string; number: number; parent: number | null }>('select * from thing')

  expect(filled.tables).toEqual([{ table: 'public.thing', rows: 6 }])
  expect(new Set(rows.map(({ word }) => word)).size).toBe(6)
  expect(rows.every(({ word, number }) => /^[a-z0-9 ]+$/.test(word) && number > 0)).toBe(true)
  // The first has no other to refer to.
  expect(rows.filter(({ parent }) => parent === null)).toHaveLength(1)
})

test('a rule about the length leaves every row another value, of bytes and of text', async ({ db }) => {
  await db.pool.query(`create domain short_code as text check (char_length(value) = 5);
    create table sized (
      id serial primary key,
      digest bytea, hash bytea check (length(hash) = 20), byte bytea check (octet_length(byte) = 2),
      word text check (length(word) = 8), two text check (char_length(two) = 2), wide text check (octet_length(wide) = 40),
      email text check (length(email) <= 6), code varchar(9) check (character_length(code) > 7), domained short_code
    );
    alter table sized add constraint digest_size check (octet_length(digest) = 32) not valid;
    create table known (digest bytea not null unique check (octet_length(digest) = 4), two text not null unique check (length(two) = 2))`)
  const filled = await withClient(db.pool, async (client) => {
    const { tables } = await fillRows(client, { ...tame, rowsPerTable: 12 })
    return [...tables, ...(await fillRows(client, { rowsPerTable: 12, seed: 2, ignore: ['public.sized'] })).tables]
  })

  const { rows } = await db.pool.query<Record<string, Buffer | string>>('select * from sized')
  const columns = Object.keys(rows[0] ?? {})

  expect(filled.map(({ table, rows: added }) => [table, added])).toEqual([
    ['public.known', 12],
    ['public.sized', 12],
    ['public.known', 12],
  ])
  expect(columns.map((name) => [name, new Set(rows.map((row) => JSON.stringify(row[name]))).size])).toEqual(
    columns.map((name) => [name, 12]),
  )
  expect(JSON.stringify(rows)).not.toContain('null')
})

test('a value that repeats comes before NULL in tame rows, unless it must not repeat', async ({ db }) => {
  await db.pool.query(`create table few (
      sole text check (sole in ('a')), pair text check (pair = any (array['a', 'b'])), pinned int check (pinned = 7),
      single text unique check (single in ('a', 'b')))`)
  await withClient(db.pool, (client) => fillRows(client, tame))

  const { rows } = await db.pool.query('select * from few')
  const of = (name: string): unknown[] => rows.map((row) => row[name]).sort()

  expect(of('sole')).toEqual(['a', 'a', 'a', 'a', 'a', 'a'])
  expect(of('pinned')).toEqual([7, 7, 7, 7, 7, 7])
  expect(new Set(of('pair'))).toEqual(new Set(['a', 'b']))
  expect(of('single')).toEqual(['a', 'b', null, null, null, null])
})

test('tame rows have NULL only where a rule over several columns leaves nothing else', async ({ db }) => {
  await db.pool.query(`create table ruled (
      by_card text, by_cash text, by_momo text, check (num_nonnulls(by_card, by_cash, by_momo) = 1),
      sent_at timestamptz, tracking text check (length(tracking) = 10), check ((sent_at is null) = (tracking is null)),
      one int, other int check (other > 50), check (one is null or other is null), spare text check (state <> 'new' or spare is not null),
      never text check (never is null), state text check (state in ('new', 'old')))`)
  await withClient(db.pool, (client) => fillRows(client, tame))

  const { rows } = await db.pool.query<Record<string, unknown>>('select * from ruled')
  const empty = rows.map((row) => Object.keys(row).filter((name) => row[name] === null))

  expect(rows).toHaveLength(6)
  for (const names of empty) {
    expect(names.filter((name) => name.startsWith('by_'))).toHaveLength(2)
    expect(names.filter((name) => name === 'one' || name === 'other')).toHaveLength(1)
    expect(names.filter((name) => !/^by_|^one$|^other$/.test(name))).toEqual(['never'])
  }
})

test('what only the server can judge is tried with values, and repeated, before NULL is', async ({ db }) => {
  await db.pool.query(`create function is_round(value int) returns boolean language sql immutable as 'select value is null or value % 5 = 0';
    create table judged (id serial primary key, number int check (is_round(number)), word text);
    create table refused (id serial primary key, word text);
    create function refuse() returns trigger language plpgsql as $$
    begin if new.word is not null then raise exception 'no word'; end if; return new; end $$;
    create trigger refuse before insert on refused for each row execute function refuse()`)
  const { tables } = await withClient(db.pool, (client) => fillRows(client, tame))

  const judged = await db.pool.query<{ number: number | null }>('select number from judged')
  const refused = await db.pool.query<{ word: string | null }>('select word from refused')

  expect(tables.map(({ rows }) => rows)).toEqual([6, 6])
  expect(judged.rows.filter(({ number }) => number === null || number % 5 !== 0)).toEqual([])
  expect(refused.rows.filter(({ word }) => word !== null)).toEqual([])
})
