import { expect, inject, onTestFinished, test } from '#harness'
import { readMigrations } from '../formats/read-migrations.ts'
import { migrationsFolder } from '../kind/testing/migrations-folder.ts'
import { proveMigrations } from './prove-migrations.ts'

const base = `create table item (id int primary key, price int not null, constraint item_stock_not_null check (id is not null))`
const loose = 'alter table item alter column price drop not null'
const strict = 'update item set price = 1 where price is null; alter table item alter column price set not null'
const tagged = `comment on constraint item_price_not_null on item is 'a price'`

/** Only the newest server gives them names. */
const named = test.skipIf(inject('postgresVersion') < 18)

async function failureOn(runsOn: number, up: string, undo: string): Promise<unknown> {
  const folder = await migrationsFolder({
    '0001_base': { up: base, undo: 'drop table item' },
    '0002_next': { up, undo },
  })
  onTestFinished(folder.remove)
  const set = await readMigrations(folder.directory)
  const { proofs } = await proveMigrations(set, { last: 1, shadowUrl: inject('postgresUrl'), runsOn })
  return proofs[0]?.failure ?? proofs[0]?.ok
}

named.each([
  [
    'renames it',
    `${strict}; alter table item rename constraint item_price_not_null to a; alter table item rename constraint a to item_price_not_null`,
  ],
  [
    'drops it',
    `${strict}; alter table item drop constraint item_price_not_null; alter table item alter column price set not null`,
  ],
  ['speaks of it', `${strict}; ${tagged}; ${tagged.replace(`'a price'`, 'null')}`],
])('an undo that %s is proved for a server that has its name, and not for an older one', async (_, undo) => {
  expect(await failureOn(18, loose, undo)).toBe(true)
  expect(await failureOn(17, loose, undo)).toMatchObject({
    step: 'undo',
    when: 'always',
    migration: '0002_next',
    reason: expect.stringContaining('PostgreSQL 17, where it will run, has no constraint item_price_not_null'),
  })
})

named.each([
  [
    'asks first',
    `${strict}; alter table item drop constraint if exists item_price_no; alter table item drop constraint if exists item_price_not_null; alter table item alter column price set not null`,
  ],
  ['alters the column', strict],
])('an undo that %s runs on any server', async (_, undo) => {
  expect(await failureOn(15, loose, undo)).toBe(true)
})

named('a column that is there only on the way has one too', async () => {
  const undo = `alter table item add column spare int; update item set spare = 1; alter table item alter column spare set not null;
    comment on constraint item_spare_not_null on item is 'on its way'; alter table item drop column spare; ${strict}`

  expect(await failureOn(17, loose, undo)).toMatchObject({ reason: expect.stringContaining('item_spare_not_null') })
})

named('a check that is called like one is a constraint on every server', async () => {
  const up = 'alter table item drop constraint item_stock_not_null'
  const onTheWay =
    'alter table item add constraint x_not_null check (id is not null); alter table item rename constraint x_not_null to y_not_null; alter table item drop constraint y_not_null;'

  expect(await failureOn(15, loose, onTheWay + strict)).toBe(true)
  expect(await failureOn(15, up, 'alter table item add constraint item_stock_not_null check (id is not null)')).toBe(
    true,
  )
})
