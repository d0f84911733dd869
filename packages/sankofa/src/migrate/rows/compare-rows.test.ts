import { expect, test } from '#harness'
import { compareRows } from './compare-rows.ts'
import type { RowImage, TableImage } from './row-image.ts'

const columns = [
  { name: 'id', type: 'integer' },
  { name: 'email', type: 'text' },
]
const people = (list: TableImage['list'] = [], more: Partial<TableImage> = {}): RowImage => ({
  shown: true,
  tables: [{ table: 'public.users', rows: list.length, columns, key: ['id'], list, ...more }],
})
const sentences = (
  before: RowImage,
  after: RowImage,
  newRows: 'expected' | 'unexpected' = 'unexpected',
): readonly string[] => compareRows(before, after, { newRows }).differences.map(({ text }) => text)

const before = people([
  ['1', 'Ama@X'],
  ['2', 'Kofi@X'],
  ['3', 'esi@x'],
  ['4', null],
])

test('equal rows in another order are the same', () => {
  const after = people([...(before.tables[0]?.list ?? [])].reverse())

  expect(compareRows(before, after, { newRows: 'unexpected' })).toEqual({ same: true, differences: [], unchecked: [] })
})

test('lost rows are counted', () => {
  expect(
    sentences(
      before,
      people([
        ['1', 'Ama@X'],
        ['3', 'esi@x'],
      ]),
    ),
  ).toEqual(['2 of 4 rows of public.users are gone.'])
})

test('changed values are counted by column, with an example', () => {
  const after = people([
    ['1', 'ama@x'],
    ['2', 'kofi@x'],
    ['3', 'esi@x'],
    ['4', ''],
  ])

  expect(sentences(before, after)).toEqual([
    'public.users.email changed in 3 of 4 rows (for example "Ama@X" became "ama@x").',
  ])
})

test('a value that became NULL is said as NULL', () => {
  expect(sentences(people([['1', 'Ama']]), people([['1', null]]))).toEqual([
    'public.users.email changed in 1 of 1 row (for example "Ama" became NULL).',
  ])
})

test('new rows are a difference only where none were expected', () => {
  const after = people([...(before.tables[0]?.list ?? []), ['5', 'new@x']])

  expect(sentences(before, after, 'expected')).toEqual([])
  expect(sentences(before, after)).toEqual(['public.users has 1 row that was not there before.'])
})

test('a key that was altered is a changed value, not a lost row', () => {
  const after = people([
    ['11', 'Ama@X'],
    ['12', 'Kofi@X'],
    ['13', 'esi@x'],
    ['14', null],
  ])

  expect(sentences(before, after)).toEqual(['public.users.id changed in 4 of 4 rows (for example "1" became "11").'])
})

test('without a key a row is known by what it still has, and equal rows are counted', () => {
  const bare = (list: TableImage['list']) => people(list, { key: [] })

  expect(
    sentences(
      bare([
        ['1', 'a'],
        ['1', 'a'],
      ]),
      bare([['1', 'a']]),
    ),
  ).toEqual(['1 of 2 rows of public.users is gone.'])
  expect(
    sentences(
      bare([
        ['1', 'a'],
        ['2', 'b'],
      ]),
      bare([
        ['2', 'B'],
        ['1', 'a'],
      ]),
    ),
  ).toEqual(['public.users.email changed in 1 of 2 rows (for example "b" became "B").'])
})

test('a table or a column that is gone counts when there was something in it', () => {
  const withoutEmail = people([['1'], ['2'], ['3'], ['4']], { columns: columns.slice(0, 1) })

  expect(sentences(before, { shown: true, tables: [] })).toEqual(['public.users is gone, with its 4 rows.'])
  expect(sentences(people([]), { shown: true, tables: [] })).toEqual([])
  expect(sentences(before, withoutEmail)).toEqual(['public.users.email is gone, with its values in 3 rows.'])
})

test('a column of another type is compared by text only where the same value has the same text', () => {
  const typed = (type: string, value: string | null) =>
    people([['1', value]], {
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'email', type },
      ],
    })

  expect(sentences(typed('integer', '5'), typed('text', '5'))).toEqual([])
  expect(sentences(typed('text', 'abcd'), typed('character varying(3)', 'abc'))).toHaveLength(1)
  expect(sentences(typed('timestamp with time zone', '2024-01-01 00:00:00+00'), typed('date', '2024-01-01'))).toEqual(
    [],
  )
  expect(sentences(typed('timestamp with time zone', '2024-01-01 00:00:00+00'), typed('date', null))).toHaveLength(1)
})

test('a large table with new rows is said to be unchecked', () => {
  const large = (rows: number) =>
    people([], {
      rows,
      hashes: [
        { hash: '1', nulls: 0 },
        { hash: '2', nulls: 0 },
      ],
    })
  const [was, is] = [large(9_000), large(9_002)].map((image) => ({
    ...image,
    tables: image.tables.map(({ list: _, ...table }) => table),
  }))
  if (was === undefined || is === undefined) throw new Error('two images were made')

  const { same, unchecked } = compareRows(was, is, { newRows: 'expected' })

  expect(same).toBe(true)
  expect(unchecked).toEqual([expect.stringContaining('public.users has 9,002 rows')])
})
