import fc from 'fast-check'
import { expect, test } from '#harness'
import { writeOut } from './write-out.ts'

test('a negative number does not begin a comment', async ({ db }) => {
  await db.pool.query('create table public.t (id int, x int); insert into public.t values (1, 0), (2, 0)')

  await db.pool.query(await writeOut('update public.t set x = x -$1 where id = $2', [-5, 2]))

  expect((await db.pool.query('select t.id, t.x from public.t order by t.id')).rows).toEqual([
    { id: 1, x: 0 },
    { id: 2, x: 5 },
  ])
})

test('a value that was written out is what the parameter would have been', async ({ db }) => {
  await db.pool.query(`create table public.v (
    i bigint, f float8, t text, ts timestamptz, b bytea, j jsonb, bo boolean, a int[], ta text[])`)
  const insert = 'insert into public.v values ($1,$2,$3,$4,$5,$6,$7,$8,$9)'
  const cases: readonly (readonly unknown[])[] = [
    [
      -1,
      Number.NaN,
      "it's $1 \\ --",
      new Date(0),
      Buffer.from([0, 255]),
      { a: '$2' },
      true,
      [1, -2],
      ['a"b', null, ''],
    ],
    [5n, Number.NEGATIVE_INFINITY, 7, new Date('2026-03-29T01:30:00.123Z'), null, '[]', false, [], ['\\', "'"]],
    ['12', -0, '', null, new Uint8Array([1, 2]), null, null, null, null],
  ]
  for (const values of cases) {
    await db.pool.query(insert, [...values])
    await db.pool.query(await writeOut(insert, values))
  }

  const { rows } = await db.pool.query('select v::text as row, count(*)::int as n from public.v group by v::text')

  expect(rows).toHaveLength(cases.length)
  expect(rows.map(({ n }) => n)).toEqual(cases.map(() => 2))
})

test('lists are found, and numbers fit where a text is compared', async ({ db }) => {
  const sql = 'select 1 as one where 3 = any ($1) and $2 = $3::text limit $4'
  expect((await db.pool.query(await writeOut(sql, [[1, 2, 3], 5, '5', 1]))).rows).toEqual([{ one: 1 }])
})

test('no text gets out of its quotes', async ({ db }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      async (text) => {
        const { rows } = await db.pool.query(
          await writeOut('select $1::text as text, $2::text[] as list', [text, [text]]),
        )
        expect(rows).toEqual([{ text, list: [text] }])
      },
    ),
    { numRuns: 100 },
  )
})
