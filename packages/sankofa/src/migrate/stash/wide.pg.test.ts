import { expect, type TestDatabase, test } from '#harness'
import { rowsOfTable, tripOf } from './testing/trip.ts'

/** A table of this many columns besides its key, and three rows. */
async function wide(db: TestDatabase, columns: number): Promise<void> {
  const names = Array.from({ length: columns }, (_, index) => `c${index}`)
  await db.pool.query(`
    create table sheet (id int primary key, ${names.map((name) => `${name} int`).join(', ')});
    insert into sheet select n, ${names.map((_, index) => `case when n > 1 then ${index} end`).join(', ')} from generate_series(1, 3) as n`)
}

test('of the widest table that is kept, every value comes back', async ({ db }) => {
  await wide(db, 799)
  const before = await rowsOfTable(db.pool, 'sheet')
  const trip = tripOf(db.pool, 'delete from sheet where id = 2; update sheet set c1 = 7, c700 = 8', '')

  await trip.up()
  await trip.undo()

  expect(await rowsOfTable(db.pool, 'sheet')).toEqual(before)
})

test('some columns of a wider table come back', async ({ db }) => {
  await wide(db, 1_500)
  const before = await rowsOfTable(db.pool, '(select id, c0, c1, c2 from sheet)')
  const trip = tripOf(
    db.pool,
    'alter table sheet drop column c1; update sheet set c0 = 5',
    'alter table sheet add column c1 int',
  )

  await trip.up()
  await trip.undo()

  expect(await rowsOfTable(db.pool, '(select id, c0, c1, c2 from sheet)')).toEqual(before)
})

test('rows of a wider table are refused before anything is done, unless their loss is accepted', async ({ db }) => {
  await wide(db, 830)
  const before = await rowsOfTable(db.pool, 'sheet')
  const trip = tripOf(db.pool, 'delete from sheet where id = 2', '')

  const plan = await trip.plan('up')
  await expect(trip.up()).rejects.toMatchObject({
    code: 'STASH_REFUSED',
    message: expect.stringMatching(/public\.sheet would need more than 800 columns to be kept.*Split the step/),
  })

  expect(plan.refuse).toMatch(/^public\.sheet would need more than 800 columns/)
  expect(await rowsOfTable(db.pool, 'sheet')).toEqual(before)
  await trip.up({ acceptLoss: true })
  expect(await rowsOfTable(db.pool, 'sheet')).toHaveLength(2)
})
