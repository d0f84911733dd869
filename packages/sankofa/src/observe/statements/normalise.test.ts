import fc from 'fast-check'
import { expect, test } from '#harness'
import { loadNormaliser, withoutParser } from './normalise.ts'

const normalise = await loadNormaliser()
const textsOf = (sql: string): readonly string[] | undefined => normalise(sql)?.map((statement) => statement.text)

test.each([
  ["select * from t where a = 'x' and b = 5 and c = $1", 'SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3'],
  ["select interval '1 day', date '2020-01-01'", 'SELECT CAST($1 AS interval), CAST($2 AS date)'],
  ['select a from t order by 1 limit 10', 'SELECT a FROM t ORDER BY 1 LIMIT $1'],
  ["select e'it''s', $tag$dollar$tag$, b'101', x'ff', 1.5e3, true, null", 'SELECT $1, $2, $3, $4, $5, $6, NULL'],
  ['insert into t (a, b) values ($1, $2), ($3, $4), ($5, null)', 'INSERT INTO t (a, b) VALUES ($1, $2)'],
  ['update t set a = case id when 1 then $1 when 2 then $2 end', 'UPDATE t SET a = CASE id WHEN $1 THEN $2 END'],
  ['select * from t where (a, b) in ((1, 2), (3, 4))', 'SELECT * FROM t WHERE (a, b) IN (($1, $2))'],
  ['select x::varchar(20) from t', 'SELECT CAST(x AS varchar(20)) FROM t'],
  ['delete from t where a = $2 or b = $2 or c = $1', 'DELETE FROM t WHERE a = $1 OR b = $1 OR c = $2'],
])('%s is kept as %s', (sql, expected) => {
  expect(textsOf(sql)).toEqual([expected])
})

test('lists of any length, comments and white space make no new text', () => {
  const texts = [
    'select * from t where id in ($1)',
    '/* user 4711 */ SELECT  *\nFROM t WHERE id IN ($1, $2, $3) -- trace=abc',
    'select * from t where id in (1, 2, 3, 4, 5)',
  ].map(textsOf)

  expect(new Set(texts.map(String))).toEqual(new Set(['SELECT * FROM t WHERE id IN ($1)']))
})

test('what is grouped by stays the same as what is selected', () => {
  const [text] =
    textsOf(`select coalesce(a, 'none'), date_trunc('day', b), count(*) filter (where c > 'none') from t
              group by coalesce(a, 'none'), date_trunc('day', b) order by coalesce(a, 'none'), 2`) ?? []

  expect(text).toBe(
    `SELECT COALESCE(a, $1), date_trunc('day', b), count(*) FILTER (WHERE c > $2) FROM t GROUP BY COALESCE(a, $1), date_trunc('day', b) ORDER BY COALESCE(a, $1), 2`,
  )
})

test('each parameter says where its values come from', () => {
  const [statement] = normalise('select * from t where a in ($2, $3, 7) and b = 99999999999 and c = $1') ?? []

  expect(statement?.sources).toEqual([
    { parameters: [2, 3], literals: ['int4'] },
    { parameters: [], literals: ['int8'] },
    { parameters: [1], literals: [] },
  ])
})

test.each([
  "set app.actor = 'secret'",
  "create role x password 'secret'",
  "copy t from '/secret'",
  "do $$ begin perform 'secret'; end $$",
  "select 'secret' into kept",
  "begin; savepoint secret; notify channel, 'secret'",
  "prepare p as select 'secret'",
  'select n from sankofa.flag',
])('%s is nothing to record', (sql) => {
  expect(normalise(sql)).toEqual([])
})

test.each([
  'select 1 as "ama@example.com"',
  'select * from "t_4111111111111111"',
  'select * from "a1b2c3d4e5f60718"',
  "select * from json_table('{}', '$.secret' columns (x int path '$.x'))",
  'select nonsense from where',
])('of %s nothing is kept, because a value may be left in it', (sql) => {
  expect(normalise(sql)).toBeUndefined()
})

test('of several statements in one text each is kept', () => {
  expect(textsOf("begin; update t set a = 'x'; delete from s where b = 2; commit")).toEqual([
    'UPDATE t SET a = $1',
    'DELETE FROM s WHERE b = $1',
  ])
})

/** A secret that no keyword and no name in the texts below contains. */
const secret = fc.stringMatching(/^[A-Za-z0-9 @.-]{1,20}$/).map((text) => `Q7${text}7Q`)
const digits = fc.bigInt({ min: 10_000_000n, max: 99_999_999_999_999n })

test('no literal and no comment is ever left, whatever it says and wherever it stands', () => {
  const quoted = (text: string): string => `'${text}'`
  const planted = fc.tuple(secret, secret, digits, fc.nat(3)).map(([text, comment, number, form]) => ({
    secrets: [text, comment, String(number)],
    literal: [quoted(text), `e${quoted(text)}`, `$x$${text}$x$`, `U&${quoted(text)}`][form] ?? '',
    number: String(number),
    comment: form % 2 === 0 ? `/* ${comment} */` : `-- ${comment}\n`,
  }))
  const templates = [
    (p: { literal: string; number: string; comment: string }) =>
      `select ${p.comment} a, ${p.literal} as b from t where c = ${p.literal} or d in (${p.number}, ${p.number}) or e like ${p.literal} limit ${p.number}`,
    (p: { literal: string; number: string; comment: string }) =>
      `insert into t (a, b) ${p.comment} values (${p.literal}, ${p.number}), ($1, -${p.number}.5) on conflict (a) do update set b = ${p.number}`,
    (p: { literal: string; number: string; comment: string }) =>
      `update t set a = ${p.literal}::text ${p.comment}, b = jsonb_build_object(${p.literal}, ${p.number}) where c between ${p.number} and ${p.number}`,
    (p: { literal: string; number: string; comment: string }) =>
      `with x as (select ${p.literal} as y) delete from t using x ${p.comment} where t.a = x.y and t.b @> array[${p.literal}]`,
    (p: { literal: string; number: string; comment: string }) =>
      `select ${p.comment} coalesce(a, ${p.literal}) from t group by coalesce(a, ${p.literal}) having count(*) > ${p.number} order by coalesce(a, ${p.literal}) offset ${p.number}`,
    (p: { literal: string; number: string; comment: string }) =>
      `${p.comment} select f(${p.literal}, x => ${p.number})`,
  ]

  fc.assert(
    fc.property(planted, fc.integer({ min: 0, max: templates.length - 1 }), (plant, index) => {
      const sql = templates[index]?.(plant) ?? ''
      const normal = normalise(sql)
      const kept = JSON.stringify([normal, withoutParser(sql)])
      expect(normal?.length, sql).toBe(1)
      for (const one of plant.secrets) expect(kept).not.toContain(one)
    }),
    { numRuns: 300 },
  )
})

test('without the parser only what surely has no literal is kept', () => {
  const kept = (sql: string): boolean => withoutParser(sql) !== undefined

  expect(kept('select "u".id, count(*) from "User" as u where u.id = any($1::int[]) and a.b <> $2')).toBe(true)
  expect(withoutParser('insert into t (a, b) values ($1, $2)')?.[0]?.sources).toHaveLength(2)
  for (const sql of [
    "select 'x'",
    'select 5',
    'select * from t limit 10',
    'select a from t -- x',
    'select a /* x */ from t',
    'select $$x$$',
    'select $x$y$x$',
    'select a; select b',
    'create table t (a int)',
    'select 1.5e3',
    'select "x@y"',
    `select ${'a '.repeat(5_000)} !'`,
  ])
    expect(kept(sql), sql).toBe(false)
})
