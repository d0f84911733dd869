import { expect, test } from '#harness'
import { positionalInserts } from './positional-inserts.ts'

test('only inserts that name no column count the places of columns', async ({ db }) => {
  await db.pool.query(
    'create schema shop; create table shop.item (id int, name text); create table public.note (id int); create table public.log (id int)',
  )
  const statements = [
    'insert into shop.item values ($1, $2)',
    'insert into note select $1',
    'insert into public.log (id) values ($1)',
    'with added as (insert into shop.item values ($1, $2) returning id) select added.id from added',
    'select 1',
  ].map((text) => ({ text }))

  const tables = await positionalInserts(db.pool, statements)

  expect([...tables].sort()).toEqual(['public.note', 'shop.item'])
})
