import { expect, test } from '#harness'
import { withoutLayout } from './without-layout.ts'

test.each([
  ['select a\n  from t', 'SELECT a FROM t'],
  ['f( a ,b )', 'f(a, b)'],
  ["select 'x  Y'", "SELECT   'x  Y'"],
  ['select "A b"', 'SELECT  "A b"'],
])('%s and %s differ in layout only', (one, other) => {
  expect(withoutLayout(one)).toBe(withoutLayout(other))
})

test.each([
  ["select 'x  y'", "select 'x y'"],
  ["select 'X'", "select 'x'"],
  ["select 'it''s  x'", "select 'it''s x'"],
  ["select e'a\\'  b'", "select e'a\\' b'"],
  ['select "A"', 'select "a"'],
  ['select $q$a  b$q$', 'select $q$a b$q$'],
  ['a -- X\nb', 'a -- x\nb'],
  ['select a b', 'select ab'],
  ['a < = b', 'a <= b'],
])('%s and %s are two texts', (one, other) => {
  expect(withoutLayout(one)).not.toBe(withoutLayout(other))
})
