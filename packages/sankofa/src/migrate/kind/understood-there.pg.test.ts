import { createDatabase, expect, test } from '#harness'
import { complaintOf } from './understood-there.ts'

test.each([
  ['what it can read', 'delete from item; drop table item', undefined],
  ['what is not there', 'delete from nowhere', undefined],
  ['what cannot run in a transaction', 'vacuum item; create index concurrently on item (id)', undefined],
  ['a comment at the end', 'delete from item -- all of them', undefined],
  ['what it cannot read', 'delete from item; alter table item add gibberish (id)', 'syntax error at or near "("'],
])('a server asked about %s answers, and runs nothing', async (_, sql, complaint) => {
  const { drop, pool } = await createDatabase('template0')
  await pool.query('create table item (id int); insert into item values (1), (2)')

  const found = await complaintOf(pool, sql)
  const { rows } = await pool.query('select count(*)::int as n from item')
  await drop()

  expect(found).toBe(complaint)
  expect(rows).toEqual([{ n: 2 }])
})
