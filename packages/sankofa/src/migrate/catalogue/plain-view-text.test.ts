import { beforeAll, expect, test } from '#harness'
import { loadParser } from '../sql/statement.ts'
import { plainViewText } from './plain-view-text.ts'

beforeAll(loadParser)

test.each([
  ['SELECT t.id,\n    t.name\n   FROM public.t;', 'SELECT id,\n    name\n   FROM public.t;'],
  [
    'SELECT DISTINCT ON (o.id) o.total\n   FROM shop.orders o;',
    'SELECT DISTINCT ON (id) total\n   FROM shop.orders o;',
  ],
  [
    `SELECT "Q ""u.x".id AS "A.b"\n FROM t "Q ""u.x" WHERE 'ñ' <> "Q ""u.x".a`,
    `SELECT id AS "A.b"\n FROM t "Q ""u.x" WHERE 'ñ' <> a`,
  ],
  ['SELECT (o.p).a, o.tags[1], o.* FROM o', 'SELECT (p).a, tags[1], o.* FROM o'],
  ['WITH a AS (SELECT t.id FROM t) SELECT a.id FROM a', 'WITH a AS (SELECT t.id FROM t) SELECT id FROM a'],
])('PostgreSQL 15 writes %s where later versions write %s', (text, expected) => {
  expect(plainViewText(text)).toBe(expected)
})

test.each([
  ['two relations', 'SELECT a.id, b.n FROM a, b'],
  ['a join', 'SELECT a.id, b.n FROM a JOIN b ON a.id = b.id'],
  ['a union', 'SELECT a.id FROM a UNION SELECT b.id FROM b'],
  ['no relation', 'SELECT 1 AS one'],
])('a query of %s names them in every version', (_, text) => {
  expect(plainViewText(text)).toBe(text)
})

test('inside of a query within the query, and where an output has the name, the relation stays named', () => {
  const text =
    "SELECT - o.id AS id, (SELECT max(l.n) FROM line l WHERE l.of = o.id), string_agg(o.k, ',' ORDER BY o.id) OVER (PARTITION BY o.id, o.k) FROM o ORDER BY o.id, o.k, (- o.id)"

  expect(plainViewText(text)).toBe(
    "SELECT - id AS id, (SELECT max(l.n) FROM line l WHERE l.of = o.id), string_agg(k, ',' ORDER BY o.id) OVER (PARTITION BY o.id, k) FROM o ORDER BY o.id, k, (- id)",
  )
})
