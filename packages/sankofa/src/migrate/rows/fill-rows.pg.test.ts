import { createDatabase, expect, onTestFinished, test } from '#harness'
import { compareRows } from './compare-rows.ts'
import { fillRows, writeRows } from './fill-rows.ts'
import { imageRows } from './image-rows.ts'
import { nastySchema } from './testing/nasty-schema.ts'
import { withClient } from './testing/with-client.ts'

test('every table of a nasty schema is filled, or has a reason that is true', async ({ db }) => {
  await db.pool.query(nastySchema)

  const filled = await withClient(db.pool, (client) => fillRows(client, { rowsPerTable: 4, seed: 1 }))

  expect(filled.empty).toEqual([
    { table: 'shop.no_partition', reason: expect.stringContaining('has no partition') },
    { table: 'shop.swallowed', reason: expect.stringContaining('put') },
  ])
  // Its trigger refuses every row, so they went in past it; what refers to it has something to refer to.
  expect(filled.pastTriggers).toEqual(['shop.closed'])
  expect(filled.tables).toContainEqual({ table: 'shop.behind_closed', rows: expect.any(Number) })
  const { rows: triggers } = await db.pool.query(
    `select tgenabled as enabled from pg_trigger where tgrelid = 'shop.closed'::regclass and not tgisinternal`,
  )
  expect(triggers).toEqual([{ enabled: 'O' }])
  const fewer = filled.tables.filter(({ rows }) => rows !== 4).map(({ table }) => table)
  // A trigger has filled the first, and there is one row at most in the second.
  expect(fewer).toEqual(['shop.audit', 'shop.only_one'])
}, 90_000)

test('the same seed gives the same rows in another database, another seed gives others', async () => {
  const images = []
  for (const seed of [1, 1, 2]) {
    const db = await createDatabase('template0')
    onTestFinished(() => db.drop())
    await db.pool.query(nastySchema)
    images.push(
      await withClient(db.pool, async (client) => {
        await fillRows(client, { rowsPerTable: 4, seed })
        return imageRows(client)
      }),
    )
  }
  const [first, same, other] = images
  if (first === undefined || same === undefined || other === undefined) throw new Error('three images were taken')

  expect(compareRows(first, same, { newRows: 'unexpected' }).differences).toEqual([])
  expect(compareRows(first, other, { newRows: 'unexpected' }).differences.length).toBeGreaterThan(20)
}, 90_000)

test('rows that are there stay as they are, and the new release adds others to every table', async ({ db }) => {
  await db.pool.query(nastySchema)
  const { before, written, after } = await withClient(db.pool, async (client) => {
    await fillRows(client, { rowsPerTable: 4, seed: 1 })
    const before = await imageRows(client)
    const written = await writeRows(client, { rowsPerTable: 2, seed: 1 })
    return { before, written, after: await imageRows(client) }
  })

  expect(compareRows(before, after, { newRows: 'expected' }).differences).toEqual([])
  const fewer = written.tables.filter(({ rows }) => rows !== 2).map(({ table }) => table)
  expect(fewer).toEqual(['shop.audit', 'shop.only_one'])
}, 90_000)

test('touching alters one old row of a table, and says in which column', async ({ db }) => {
  await db.pool.query(
    'create table thing (id int primary key, name text not null, spare int); create table bare (id int, other int)',
  )
  const { before, touched, after } = await withClient(db.pool, async (client) => {
    await fillRows(client, { rowsPerTable: 3, seed: 1 })
    const before = await imageRows(client)
    const { touched } = await writeRows(client, { rowsPerTable: 2, seed: 1, touch: true })
    return { before, touched, after: await imageRows(client) }
  })

  expect(touched).toEqual([
    { table: 'public.bare', column: 'id' },
    { table: 'public.thing', column: 'name' },
  ])
  const { differences } = compareRows(before, after, { newRows: 'expected' })
  expect(differences.map(({ table, kind, rows }) => [table, kind, rows])).toEqual([
    ['public.bare', 'values changed', 1],
    ['public.thing', 'values changed', 1],
  ])
})

test('columns have values and NULL, repeat themselves where they may, and are awkward', async ({ db }) => {
  await db.pool.query('create table thing (id serial primary key, word text, number int, at timestamptz not null)')
  await withClient(db.pool, (client) => fillRows(client, { rowsPerTable: 24, seed: 3 }))

  const { rows } = await db.pool.query<{ word: string | null; number: number | null; at: Date }>('select * from thing')
  const words = rows.map(({ word }) => word)

  expect(words).toContain(null)
  expect(new Set(words.filter((word) => word !== null)).size).toBeLessThan(words.filter((word) => word !== null).length)
  expect(words.join('')).toMatch(/[A-Z].*[^\x20-\x7e]/s)
  expect(words.some((word) => word !== null && word !== word.trim())).toBe(true)
  expect(rows.some(({ number }) => number !== null && number < 0)).toBe(true)
  expect(rows.some(({ number }) => number !== null && number > 1_000_000_000)).toBe(true)
  expect(
    (await db.pool.query('select from thing where extract(microseconds from at)::int % 1000 <> 0')).rowCount,
  ).toBeGreaterThan(0)
})

test("in a caller's transaction nothing is committed, even where rows were refused", async ({ db }) => {
  await db.pool.query(nastySchema)
  const inside = await withClient(db.pool, async (client) => {
    await client.query('begin')
    const filled = await fillRows(client, { rowsPerTable: 2, seed: 1 })
    await client.query('rollback')
    return filled
  })

  expect(inside.tables.length).toBeGreaterThan(25)
  expect((await db.pool.query('select from shop.room')).rowCount).toBe(0)
  expect((await db.pool.query('select from shop.picky')).rowCount).toBe(0)
})

test('what hands out numbers goes on after those that were used', async ({ db }) => {
  await db.pool.query('create table thing (id int generated always as identity primary key, other serial, word text)')
  await withClient(db.pool, (client) => fillRows(client, { rowsPerTable: 4, seed: 1 }))

  const { rows } = await db.pool.query("insert into thing (word) values ('next') returning id, other")

  expect(rows).toEqual([{ id: 5, other: 5 }])
})

test('ignored tables are left alone, and rows of theirs may still be referred to', async ({ db }) => {
  await db.pool.query(`create table kept (id int primary key); insert into kept values (42);
    create table other (id int primary key, kept int not null references kept)`)
  const filled = await withClient(db.pool, (client) =>
    fillRows(client, { rowsPerTable: 2, seed: 1, ignore: ['public.kept'] }),
  )

  expect(filled).toEqual({ tables: [{ table: 'public.other', rows: 2 }], empty: [] })
  expect((await db.pool.query('select distinct kept from other')).rows).toEqual([{ kept: 42 }])
})

test('a failure that is not the rows’ fault is told, and leaves no transaction open', async ({ db }) => {
  await db.pool.query('create table thing (id int primary key)')
  await withClient(db.pool, async (client) => {
    const broken = {
      query: (sql: string) =>
        sql.includes('insert into')
          ? Promise.reject(Object.assign(new Error('gone'), { code: '57P01' }))
          : client.query(sql),
    }

    await expect(fillRows(broken as never, { rowsPerTable: 1, seed: 1 })).rejects.toThrow('gone')
    const { rows } = await client.query('select statement_timestamp() <> transaction_timestamp() as inside')
    expect(rows).toEqual([{ inside: false }])
  })
})

test('a ledger whose triggers want whole transfers is filled past them, and every constraint holds', async () => {
  const db = await createDatabase('template0')
  onTestFinished(() => db.drop())
  await db.pool.query(`
    create table transfer (id bigint generated always as identity primary key, key text not null unique);
    create table entry (id bigint generated always as identity primary key, transfer bigint not null references transfer, amount int not null check (amount <> 0));
    create function has_entries() returns trigger language plpgsql as $$
    begin if not exists (select from entry where entry.transfer = new.id) then raise exception 'no entries'; end if; return null; end $$;
    create constraint trigger has_entries after insert on transfer deferrable initially deferred for each row execute function has_entries();
    create trigger second after insert on transfer for each row execute function has_entries();
    alter table transfer enable always trigger second;
  `)

  const filled = await withClient(db.pool, (client) => fillRows(client, { rowsPerTable: 4, seed: 1 }))

  const { rows } = await db.pool.query(
    `select (select count(*)::int from transfer) as transfers, (select count(*)::int from entry join transfer on transfer.id = entry.transfer) as entries,
            array(select tgname || ' ' || tgenabled::text from pg_trigger where tgrelid = 'transfer'::regclass and not tgisinternal order by 1) as triggers`,
  )
  expect(filled).toMatchObject({ empty: [], pastTriggers: ['public.transfer'] })
  expect(rows).toEqual([{ transfers: 4, entries: 4, triggers: ['has_entries O', 'second A'] }])
})
