import { expect, test } from '#harness'
import { compareRows } from './compare-rows.ts'
import { imageRows } from './image-rows.ts'
import { withClient } from './testing/with-client.ts'

test('an image has the text of every value, whatever the settings of the session are', async ({ db }) => {
  await db.pool.query(`create table thing (id int primary key, at timestamptz, day date, fraction float8, bytes bytea, span interval, word text);
    insert into thing values (1, '2024-05-06 07:08:09.123456+02', '2024-05-06', 0.1, '\\x00ff', '1 mon 2 days', E'a "b" \\\\ ,()\\n')`)
  const [plain, odd] = await withClient(db.pool, async (client) => {
    const plain = await imageRows(client)
    await client.query(
      "begin; set DateStyle = 'SQL, DMY'; set TimeZone = 'Asia/Tokyo'; set IntervalStyle = 'iso_8601'; set bytea_output = 'escape'; set extra_float_digits = -10",
    )
    const odd = await imageRows(client)
    const { rows } = await client.query("select current_setting('TimeZone') || current_setting('DateStyle') as kept")
    await client.query('rollback')
    expect(rows).toEqual([{ kept: 'Asia/TokyoSQL, DMY' }])
    return [plain, odd]
  })

  expect(odd).toEqual(plain)
  expect(plain.tables).toEqual([
    expect.objectContaining({
      table: 'public.thing',
      rows: 1,
      key: ['id'],
      list: [['1', '2024-05-06 05:08:09.123456+00', '2024-05-06', '0.1', '\\x00ff', '1 mon 2 days', 'a "b" \\ ,()\n']],
    }),
  ])
})

test('empty texts and NULL are told apart, also in the last and the only column', async ({ db }) => {
  await db.pool.query(`create table one (word text); insert into one values (''), (null);
    create table two (word text, "t" text); insert into two values (null, null), ('', ''); create table none (); insert into none default values`)

  const { tables } = await withClient(db.pool, (client) => imageRows(client))

  expect(tables.map(({ table, list }) => [table, list])).toEqual([
    ['public.none', [[]]],
    ['public.one', [[''], [null]]],
    [
      'public.two',
      [
        [null, null],
        ['', ''],
      ],
    ],
  ])
})

test('partitions are looked at through their table, inherited tables each by itself, ignored ones not at all', async ({
  db,
}) => {
  await db.pool.query(`create table split (id int) partition by list (id); create table split_1 partition of split for values in (1);
    insert into split values (1);
    create table parent (id int); create table child () inherits (parent); insert into parent values (1); insert into child values (2);
    create table history (id int); create view seen as select * from parent;
    create schema elsewhere; create table elsewhere.thing (id int)`)

  const { tables } = await withClient(db.pool, (client) =>
    imageRows(client, { ignore: ['public.history', 'elsewhere'] }),
  )

  expect(tables.map(({ table, rows }) => [table, rows])).toEqual([
    ['public.child', 1],
    ['public.parent', 1],
    ['public.split', 1],
  ])
})

test('of a large table only the number and the hashes are kept, and a change is still seen', async ({ db }) => {
  await db.pool.query('create table large as select n as id, n::text as word from generate_series(1, 500) as n')
  const { before, shuffled, changed, fewer } = await withClient(db.pool, async (client) => {
    const image = () => imageRows(client, { mostRows: 100 })
    const before = await image()
    await client.query(
      'create table other as select * from large order by random(); drop table large; alter table other rename to large',
    )
    const shuffled = await image()
    await client.query("update large set word = 'x' where id = 7")
    const changed = await image()
    await client.query('delete from large where id < 4')
    return { before, shuffled, changed, fewer: await image() }
  })
  const sentences = (after: typeof before) =>
    compareRows(before, after, { newRows: 'unexpected' }).differences.map(({ text }) => text)

  expect(before.tables[0]?.list).toBeUndefined()
  expect(sentences(shuffled)).toEqual([])
  expect(sentences(changed)).toEqual(['Values of public.large.word changed.'])
  expect(sentences(fewer)).toEqual(['3 of 500 rows of public.large are gone.'])
})

test('an image of hashes has no value in it and tells the same differences without examples', async ({ db }) => {
  await db.pool.query(
    "create table person (id int primary key, email text); insert into person values (1, 'Ama@Secret.example')",
  )
  const { before, after } = await withClient(db.pool, async (client) => {
    const before = await imageRows(client, { values: 'hash' })
    await client.query('update person set email = lower(email)')
    return { before, after: await imageRows(client, { values: 'hash' }) }
  })

  expect(JSON.stringify(before)).not.toMatch(/secret/i)
  expect(compareRows(before, after, { newRows: 'unexpected' }).differences.map(({ text }) => text)).toEqual([
    'public.person.email changed in 1 of 1 row.',
  ])
})

test('a role that owns its tables and nothing else can take an image', async ({ db }) => {
  await db.pool.query(`create role plain_owner; grant create on schema public to plain_owner`)
  const image = await withClient(db.pool, async (client) => {
    await client.query('set role plain_owner; create table mine (id int); insert into mine values (1)')
    const taken = await imageRows(client)
    await client.query('reset role')
    return taken
  })
  await db.pool.query('drop owned by plain_owner; drop role plain_owner')

  expect(image.tables.map(({ table, rows }) => [table, rows])).toEqual([['public.mine', 1]])
})

test('an image has nothing of one taken before, and any name of a table will do', async ({ db }) => {
  await db.pool.query(`create table "it's 100% ""odd""" (id int); insert into "it's 100% ""odd""" values (1);
    create table empty (id int primary key, word text)`)
  const images = await withClient(db.pool, async (client) => {
    await client.query('begin')
    const first = await imageRows(client)
    await client.query('drop table empty; drop table "it\'s 100% ""odd"""')
    const second = await imageRows(client)
    await client.query('rollback')
    return [first, second]
  })

  expect(images.map(({ tables }) => tables.map(({ table, key, list }) => [table, key, list]))).toEqual([
    [
      ['public.empty', ['id'], []],
      ['public.it\'s 100% "odd"', [], [['1']]],
    ],
    [],
  ])
})
