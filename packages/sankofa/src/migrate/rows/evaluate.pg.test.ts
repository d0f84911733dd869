import { expect, test } from '#harness'
import { loadParser } from '../sql/statement.ts'
import { evaluate } from './evaluate.ts'
import { parseExpressions } from './expression.ts'

/** Of each, the server and `evaluate` are asked. */
const known = [
  '1 + 2 * 3 > 6',
  "'a'::text = any (array['a', 'b'])",
  "'c'::text <> all (array['a', 'b'])",
  "'c'::text = any ('{a,\"b c\",NULL}'::text[])",
  'null::int = 1 or true',
  'null::int = 1 and false',
  'not (null::boolean)',
  'null is null',
  '(1 is null) = (null is null)',
  'null::int is distinct from 1',
  'null::int is not distinct from null::int',
  'true is not false',
  'null::boolean is unknown',
  "'Ama@X' ~ '^[^@]+@[^@]+$'",
  "'Ama@X' ~* '^ama'",
  "'ama' !~ '[A-Z]'",
  "'abc' ~ '^[[:alpha:]]{3}$'",
  "'a_c' like 'a\\_c'",
  "'abc' like 'a_c'",
  "'a%c' not like 'a\\%c'",
  "'ABC' ilike 'a%'",
  "length('Ɛfua') = 4",
  "octet_length('Ɛfua') = 5",
  "octet_length('\\x00ff'::bytea) = 2",
  "lower('ANDO-1') = 'ando-1'",
  "btrim('  a ') = 'a'",
  "btrim('xxaxx', 'x') = 'a'",
  "coalesce(null, 'a') = 'a'",
  'num_nonnulls(1, null, 3) = 2',
  'num_nulls(variadic array[1, null]) = 1',
  'case when 1 > 2 then false else true end',
  "nullif('a', 'a') is null",
  "'2024-02-29'::date - '2024-02-01'::date < 60",
  "'2024-02-01'::date + 28 = '2024-02-29'::date",
  "'2024-02-01 10:00:00+00'::timestamptz < '2024-02-01 12:00:00+01'::timestamptz",
  "'2024-02-01 10:00:00'::timestamp + '1 day 02:00:00'::interval = '2024-02-02 12:00:00'::timestamp",
  "'2024-02-01 10:00:00.000001'::timestamp > '2024-02-01 10:00:00'::timestamp",
  "'2024-02-01 10:00:00'::timestamp - '2024-02-01 09:00:00'::timestamp = '01:00:00'::interval",
  "now() > '2001-01-01'::timestamptz",
  "jsonb_typeof('[1]'::jsonb) = 'array'",
  "'{\"a\": {\"b\": \"x\"}}'::jsonb -> 'a' ->> 'b' = 'x'",
  "'{\"a\": 1}'::jsonb ? 'a'",
  "'{\"a\": null}'::jsonb ->> 'a' is null",
  "cardinality(array['a', 'b']) = 2",
  "array_length('{}'::int[], 1) is null",
  '10 % 4 = 2',
  "'5'::int4 >= 1 and '5'::int4 <= 5",
  "'7.50'::numeric(4,2) = 7.5",
  "'t'::boolean",
  "'a'::text || 'b' = 'ab'",
  "abs('-3'::int) = 3",
  "starts_with('https://x', 'https')",
  "replace('a-b', '-', '_') = 'a_b'",
  "'' = ''",
  "'a' > ''",
]

test('what is known of an expression without the server is what the server says', async ({ db }) => {
  await loadParser()
  const { rows } = await db.pool.query(`select pg_catalog.json_build_array(${known.join(',\n')}) as answers`)
  // As it is stored, an expression is written in the server's own words.
  const stored = await Promise.all(known.map((text) => storedForm(db.pool, text)))

  expect(known.map((text) => [text, evaluate(parseExpressions(text)[0], () => undefined)])).toEqual(
    known.map((text, place) => [text, rows[0].answers[place]]),
  )
  expect(stored.map((text) => [text, evaluate(parseExpressions(text)[0], () => undefined)])).toEqual(
    stored.map((text, place) => [text, rows[0].answers[place]]),
  )
})

test('what only the server can know is left open, and decides nothing', async () => {
  await loadParser()
  const unknown = [
    'my_function(1)',
    "lower('ÑANDÚ')",
    "'a' < 'B'",
    "'[1,3)'::int4range @> 2",
    "'1.2.3.4'::inet << '1.0.0.0/8'",
  ]

  expect(unknown.map((text) => evaluate(parseExpressions(text)[0], () => undefined))).toEqual(
    unknown.map(() => undefined),
  )
  expect(evaluate(parseExpressions('my_function(1) and false')[0], () => undefined)).toBe(false)
  expect(evaluate(parseExpressions('my_function(1) or true')[0], () => undefined)).toBe(true)
  expect(evaluate(parseExpressions('not my_function(1)')[0], () => undefined)).toBeUndefined()
})

async function storedForm(
  pool: { query(sql: string): Promise<{ rows: readonly { text: string }[] }> },
  text: string,
): Promise<string> {
  const name = `stored_${Buffer.from(text).toString('hex').slice(0, 40)}_${text.length}`
  await pool.query(`create table "${name}" (id int, constraint "c_${name}" check (${text}))`)
  const { rows } = await pool.query(
    `select pg_get_expr(conbin, conrelid) as text from pg_constraint where conname = left('c_${name}', 63) and contype = 'c'`,
  )
  return rows[0]?.text ?? ''
}
