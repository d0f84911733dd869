import { expect, test } from '#harness'
import { rowsOfTable, tripOf } from './testing/trip.ts'

const table = `create table bill (id int primary key, n int, short varchar(5), long text, fee numeric(6,2), small smallint);
  insert into bill values (1, 2147483647, 'abcde', 'x  ', 1234.50, 32767), (2, null, '', null, 0.10, -32768)`

for (const [up, undo] of [
  ['alter column n type bigint', 'alter column n type int'],
  ['alter column n type bigint using n::bigint', 'alter column n type int using n::int'],
  ['alter column n type numeric', 'alter column n type integer'],
  ['alter column short type varchar(9)', 'alter column short type varchar(5)'],
  ['alter column short type text', 'alter column short type character varying(5)'],
  ['alter column long type varchar', 'alter column long type text'],
  ['alter column fee type numeric(9,2)', 'alter column fee type numeric(6,2)'],
  ['alter column small type int, alter column n type int8', 'alter column small type int2, alter column n type int4'],
] as const) {
  test(`nothing is kept of a column where every value stays what it is: ${up}`, async ({ db }) => {
    await db.pool.query(table)
    const before = await rowsOfTable(db.pool, 'bill')
    const trip = tripOf(db.pool, `alter table bill ${up}`, `alter table bill ${undo}`)

    const plan = await trip.plan('up')
    await trip.up()
    await trip.undo()

    expect(plan.keeps).toEqual([])
    expect(await rowsOfTable(db.pool, 'bill')).toEqual(before)
  })
}

for (const [up, undo] of [
  ['alter column n type bigint using n % 10', 'alter column n type int'],
  ['alter column long type varchar(2)', 'alter column long type text'],
  ['alter column long type char(9)', 'alter column long type text'],
  ['alter column fee type numeric(9,0)', 'alter column fee type numeric(6,2)'],
  ['alter column fee type int', 'alter column fee type numeric(6,2)'],
  ['alter column n type text', 'alter column n type int using length(n)'],
  [
    'alter column short type text',
    'alter column short type varchar(2) using left(short, 2), alter column short type varchar(5)',
  ],
] as const) {
  test(`where a value may become another, it is kept: ${up}, ${undo}`, async ({ db }) => {
    await db.pool.query(table)
    const before = await rowsOfTable(db.pool, 'bill')
    const trip = tripOf(
      db.pool,
      `alter table bill ${up}`,
      undo
        .split(', alter')
        .map((each, index) => `alter table bill ${index === 0 ? '' : 'alter'}${each}`)
        .join('; '),
    )

    const plan = await trip.plan('up')
    await trip.up()
    await trip.undo()

    expect(plan.keeps).toMatchObject([{ table: { name: 'bill' } }])
    expect(await rowsOfTable(db.pool, 'bill')).toEqual(before)
  })
}
