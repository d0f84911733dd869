import { createDatabase, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { fillRows } from './fill-rows.ts'
import { sampleRows } from './sample-rows.ts'
import { nastySchema } from './testing/nasty-schema.ts'
import { withClient } from './testing/with-client.ts'

async function shadowOf(schema: string): Promise<TestDatabase> {
  const shadow = await createDatabase()
  onTestFinished(() => shadow.drop())
  await shadow.pool.query(schema)
  return shadow
}

const sampled = (target: TestDatabase, shadow: TestDatabase, rowsPerTable: number) =>
  withClient(target.pool, (from) => withClient(shadow.pool, (to) => sampleRows(from, to, { rowsPerTable })))

const shop = `
  create table town (id int primary key, name text);
  create table customer (id int primary key, town int not null references town, invited_by int references customer);
  create table purchase (id int generated always as identity primary key, customer int not null references customer, note text,
    doubled int generated always as (customer * 2) stored);
`

test('sampled rows come with everything that they refer to', async ({ db }) => {
  const shadow = await shadowOf(shop)
  await db.pool.query(`${shop}
    insert into town select n, 'Town ' || n from generate_series(1, 300) as n;
    insert into customer select n, 1 + n % 300, case when n > 1 then n - 1 end from generate_series(1, 60) as n;
    insert into purchase (customer, note) select 1 + n % 60, 'Ama''s \\ ' || n from generate_series(1, 900) as n`)

  const filled = await sampled(db, shadow, 5)

  expect(filled.empty).toEqual([])
  const rows = Object.fromEntries(filled.tables.map((table) => [table.table, table.rows]))
  expect(rows['public.purchase']).toBe(5)
  expect(rows['public.customer']).toBeGreaterThan(5)
  // Foreign keys rested while the rows were written: they have to hold all the same.
  const orphans = await shadow.pool.query(`
    select from purchase left join customer on customer.id = purchase.customer where customer.id is null
    union all select from customer left join town on town.id = customer.town where town.id is null
    union all select from customer left join customer as host on host.id = customer.invited_by
               where customer.invited_by is not null and host.id is null`)
  expect(orphans.rowCount).toBe(0)
  const next = await shadow.pool.query('insert into purchase (customer) select id from customer limit 1 returning id')
  const most = await db.pool.query('select max(id) as id from purchase')
  expect(next.rows[0].id).toBeGreaterThan(1)
  expect(most.rows[0].id).toBe(900)
})

test('a role that may only select is enough, and what it may not read is named', async ({ db }) => {
  const shadow = await shadowOf('create table open (id int primary key); create table closed (id int primary key)')
  await db.pool.query(`create table open (id int primary key); create table closed (id int primary key);
    insert into open values (1); insert into closed values (1); create role plain_reader; grant select on open to plain_reader`)

  const filled = await withClient(db.pool, async (from) => {
    await from.query('set role plain_reader')
    const found = await withClient(shadow.pool, (to) => sampleRows(from, to, { rowsPerTable: 2 }))
    await from.query('reset role')
    return found
  })
  await db.pool.query('drop owned by plain_reader; drop role plain_reader')

  expect(filled).toEqual({
    tables: [{ table: 'public.open', rows: 1 }],
    empty: [{ table: 'public.closed', reason: expect.stringContaining('permission denied') }],
  })
})

test('the target is read in a transaction that cannot write, and is left as it was', async ({ db }) => {
  const shadow = await shadowOf(shop)
  await db.pool.query(`${shop} insert into town values (1, 'Accra')`)
  const seen: string[] = []
  await withClient(db.pool, async (from) => {
    const watched = {
      query: (sql: string) => {
        seen.push(sql)
        return from.query(sql)
      },
    }
    await withClient(shadow.pool, (to) => sampleRows(watched as never, to, { rowsPerTable: 2 }))
    const { rows } = await from.query("select current_setting('transaction_read_only') as kept")
    expect(rows).toEqual([{ kept: 'off' }])
  })

  expect(seen[0]).toContain('read only')
  expect(seen.at(-1)).toBe('rollback')
})

test('a row that refers to one that cannot be read is left out, or refers to nothing', async ({ db }) => {
  const schema = `create table secret (id int primary key); create table needs (id int primary key, secret int not null references secret);
    create table may (id int primary key, secret int references secret);`
  const shadow = await shadowOf(schema)
  await db.pool.query(`${schema} insert into secret values (1); insert into needs values (1, 1); insert into may values (1, 1);
    create role half_reader; grant select on needs, may to half_reader`)

  const filled = await withClient(db.pool, async (from) => {
    await from.query('set role half_reader')
    const found = await withClient(shadow.pool, (to) => sampleRows(from, to, { rowsPerTable: 2 }))
    await from.query('reset role')
    return found
  })
  await db.pool.query('drop owned by half_reader; drop role half_reader')

  expect(filled.tables).toEqual([{ table: 'public.may', rows: 1 }])
  expect((await shadow.pool.query('select secret from may')).rows).toEqual([{ secret: null }])
})

test('rows of every type survive the way', async ({ db }) => {
  await db.pool.query(nastySchema)
  const shadow = await shadowOf(nastySchema)
  await withClient(db.pool, (client) => fillRows(client, { rowsPerTable: 4, seed: 5 }))

  const filled = await sampled(db, shadow, 10)

  expect(filled.tables.map(({ table }) => table)).toContain('shop.every_type')
  const text = 'select every_type::text as row from shop.every_type order by id'
  expect((await shadow.pool.query(text)).rows).toEqual((await db.pool.query(text)).rows)
}, 90_000)

test('in a large table a few blocks are looked at', async ({ db }) => {
  const schema = 'create table large (id int primary key, word text);'
  const shadow = await shadowOf(schema)
  await db.pool.query(
    `${schema} insert into large select n, 'word ' || n from generate_series(1, 60000) as n; analyze large`,
  )

  const filled = await sampled(db, shadow, 7)

  expect(filled.tables).toEqual([{ table: 'public.large', rows: 7 }])
})
