import { expect, test } from '#harness'
import { withoutValues } from './without-values.ts'

test.each([
  [`select * from t where mail = 'ama@x.gh' and n > -12.5`, 'select * from t where mail = ? and n > -?'],
  [
    `update t set a = E'it\\'s', b = $$two$$, c = $q$ three $q$, d = b'01', e = x'ff', f = u&'x'`,
    'update t set a = ?, b = ?, c = ?, d = ?, e = ?, f = ?',
  ],
  [`select 1 /* card 4111 */ -- ama\n from "Ünï" where x = $1`, 'select ? from "Ünï" where x = $1'],
  [`select .5, 1e9, 0xff, n'é', date '2020-01-01'`, 'select ?, ?, ?, n?, date ?'],
])('of %s no value is told', async (sql, told) => {
  expect(await withoutValues(sql)).toBe(told)
})

test.each([
  [`select a from t where mail = 'ama@`, 'select a from t where mail ='],
  [`do $$ begin perform 'secret`, 'do'],
  [`select /* secret`, 'select'],
  [`select "secret`, 'select'],
])('of %s, which was cut off, only the beginning is told', async (sql, told) => {
  expect(await withoutValues(sql)).toBe(told)
})
