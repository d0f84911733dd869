import { asAdmin, createDatabase, expect, test } from '#harness'
import { compareCatalogues } from './compare-catalogues.ts'
import { hashCatalogue } from './hash-catalogue.ts'
import { readCatalogue } from './read-catalogue.ts'

const shop = `
create schema shop;
create type shop.state as enum ('new', 'paid');
create table shop.customer (id bigint generated always as identity primary key, email text not null unique);
create table shop.orders (
  id serial primary key,
  customer_id bigint not null references shop.customer on delete cascade,
  state shop.state not null default 'new',
  at timestamptz not null default '2020-01-01 12:00:00+00',
  took interval default '1 day 02:00:00',
  total numeric(12, 2) check (total >= 0)
);
create index on shop.orders (state) where state = 'new';
create view shop.unpaid as select id, total from shop.orders where state = 'new';
create function shop.total(of bigint) returns numeric language sql stable
  as 'select sum(total) from shop.orders where customer_id = of';
comment on table shop.orders is 'what was bought';`

test('reading changes no setting, in a transaction and outside of one', async ({ db }) => {
  const client = await db.pool.connect()
  const settings = async (): Promise<unknown> =>
    (
      await client.query(
        `select name, setting from pg_settings
          where name in ('search_path', 'datestyle', 'timezone', 'jit', 'join_collapse_limit', 'extra_float_digits')`,
      )
    ).rows
  await client.query(`set search_path = shop, public; set timezone = 'Africa/Accra'; set datestyle = 'German'`)
  const outside = await settings()

  await readCatalogue(client)
  const afterOutside = await settings()
  await client.query('begin')
  await client.query('set local search_path = pg_temp')
  const inside = await settings()
  await readCatalogue(client)
  const afterInside = await settings()
  await client.query('commit')

  expect(afterOutside).toEqual(outside)
  expect(afterInside).toEqual(inside)
  expect(await settings()).toEqual(outside)
  client.release()
})

test('a schema reads the same whatever the settings of the session are, and twice in a row', async ({ db }) => {
  await db.pool.query(shop)
  const client = await db.pool.connect()

  const plain = await readCatalogue(client)
  await client.query(`set search_path = shop; set timezone = 'Africa/Nairobi'; set datestyle = 'German'`)
  await client.query(`set intervalstyle = 'iso_8601'; set quote_all_identifiers = on; set extra_float_digits = 0`)
  const strange = await readCatalogue(client)
  client.release()

  expect(strange).toEqual(plain)
})

test('two databases made by the same statements have one hash, whatever was there before', async ({ db }) => {
  const other = await createDatabase('template0')
  await other.pool.query('create table gone (id int, x text, y text); alter table gone drop x; drop table gone')
  await other.pool.query(`${shop} alter table shop.orders add passing int; alter table shop.orders drop passing`)
  await db.pool.query(shop)

  const one = await readCatalogue(db.pool)
  const two = await readCatalogue(other.pool)
  await other.pool.query('alter table shop.orders alter took drop default')
  const three = await readCatalogue(other.pool)
  await other.drop()

  expect(hashCatalogue(two)).toBe(hashCatalogue(one))
  expect(compareCatalogues(one, two)).toEqual({ grade: 'exact', differences: [] })
  expect(hashCatalogue(three)).not.toBe(hashCatalogue(one))
})

test('what has not been committed yet is seen', async ({ db }) => {
  const client = await db.pool.connect()
  await client.query('begin')
  await client.query(shop)

  const inside = await readCatalogue(client)
  const outside = await readCatalogue(db.pool)
  await client.query('rollback')
  client.release()

  expect(inside.objects.some(({ name }) => name === 'shop.unpaid')).toBe(true)
  expect(outside.objects.some(({ schema }) => schema === 'shop')).toBe(false)
})

test('Sankofa, the server and what an extension brings are left out; the extension is there', async ({ db }) => {
  await db.pool.query(
    'create extension citext; create extension pg_trgm; create schema sankofa_stash; create table sankofa_stash.t (id int)',
  )

  const { objects } = await readCatalogue(db.pool)

  expect(objects.filter(({ kind }) => kind === 'extension').map(({ name }) => name)).toContain('citext')
  expect(objects.filter(({ kind }) => kind !== 'extension').map(({ name }) => name)).toEqual(['public'])
})

test('a table that is ignored goes with all that it has', async ({ db }) => {
  await db.pool.query(`${shop} create schema tool; create table tool.history (id serial primary key)`)

  const all = await readCatalogue(db.pool)
  const { objects } = await readCatalogue(db.pool, { ignore: ['tool', 'shop.orders'] })

  const gone = all.objects.filter(
    (object) => !objects.some(({ kind, name }) => kind === object.kind && name === object.name),
  )
  expect(gone.every(({ name }) => name.startsWith('tool') || name.startsWith('shop.orders'))).toBe(true)
  expect(gone.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['tool.history_id_seq', 'shop.orders_state_idx', 'shop.orders.id']),
  )
})

test('a role that owns nothing reads all of it', async ({ db }) => {
  await db.pool.query(
    `${shop} create publication p for table shop.orders; create foreign data wrapper w; create server far foreign data wrapper w`,
  )
  await asAdmin((admin) =>
    admin.query(
      `do $$ begin create role catalogue_nobody; exception when duplicate_object or unique_violation then null; end $$`,
    ),
  )
  const client = await db.pool.connect()

  const asOwner = await readCatalogue(client)
  await client.query('set role catalogue_nobody')
  const asNobody = await readCatalogue(client)
  await client.query('reset role')
  client.release()

  expect(asNobody.objects).toEqual(asOwner.objects)
  expect(asNobody.role).toBe('catalogue_nobody')
})

test('a catalogue survives being stored as JSON', async ({ db }) => {
  await db.pool.query(shop)

  const read = await readCatalogue(db.pool)
  const stored: typeof read = JSON.parse(JSON.stringify(read))

  expect(stored).toEqual(read)
  expect(hashCatalogue(stored)).toBe(hashCatalogue(read))
})
