import fc from 'fast-check'
import { createDatabase, expect, onTestFinished, test } from '#harness'
import { fillRows } from './fill-rows.ts'
import { withClient } from './testing/with-client.ts'

const columnTypes = [
  'int',
  'bigint',
  'text',
  'varchar(6)',
  'boolean',
  'date',
  'timestamptz',
  'numeric(6,2)',
  'uuid',
  'jsonb',
  'text[]',
  'mood',
] as const

type AnyTable = {
  readonly columns: readonly {
    readonly type: (typeof columnTypes)[number]
    readonly notNull: boolean
    readonly unique: boolean
  }[]
  readonly parents: readonly { readonly to: number; readonly notNull: boolean; readonly unique: boolean }[]
  readonly check: number
  readonly key: 'serial' | 'uuid' | 'pair'
}

const anyTable: fc.Arbitrary<AnyTable> = fc.record({
  columns: fc.array(fc.record({ type: fc.constantFrom(...columnTypes), notNull: fc.boolean(), unique: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  }),
  parents: fc.array(fc.record({ to: fc.nat(), notNull: fc.boolean(), unique: fc.boolean() }), { maxLength: 3 }),
  check: fc.nat(7),
  key: fc.constantFrom('serial', 'uuid', 'pair'),
})

/** Checks over the first column that can be satisfied whatever its type is, and over all columns. */
function checkOf({ check, columns }: AnyTable): string {
  const type = columns[0]?.type
  if (check === 0) return `, check (num_nonnulls(${columns.map((_, place) => `c${place}`).join(', ')}) >= 1)`
  if (
    check === 1 &&
    columns.length > 1 &&
    columns[1]?.type === type &&
    type !== 'boolean' &&
    type !== 'mood' &&
    type !== 'jsonb'
  )
    return ', check (c0 <> c1)'
  if (check === 2 && (type === 'int' || type === 'bigint' || type === 'numeric(6,2)'))
    return ', check (c0 > 10 and c0 <= 100)'
  if (check === 3 && (type === 'text' || type === 'varchar(6)')) return ", check (c0 ~ '^[a-f]{2,5}$')"
  if (check === 4 && (type === 'text' || type === 'varchar(6)')) return ', check (length(c0) = 4)'
  if (check === 5 && (type === 'date' || type === 'timestamptz'))
    return ", check (c0 >= '2020-02-01' and c0 < '2020-03-01')"
  if (check === 6) return ', check ((c0 is null) = (c0 is null))'
  return ''
}

/** Keys come first, then the references, so that circles are possible too. */
function toSql(tables: readonly AnyTable[]): string {
  const created = tables.map((table, number) => {
    const key = {
      serial: 'id serial primary key',
      uuid: 'id uuid primary key',
      pair: 'id int, part text, primary key (id, part), unique (id)',
    }[table.key]
    const columns = table.columns.map(({ type, notNull, unique }, place) => {
      // Two values of a boolean, three of the enum: with a unique constraint there are fewer rows, which is tested elsewhere.
      const narrow = type === 'boolean' || type === 'mood' || checkOf(table) !== ''
      return `, c${place} ${type}${notNull ? ' not null' : ''}${unique && !narrow ? ' unique' : ''}`
    })
    return `create table t${number} (${key}${columns.join('')}${checkOf(table)})`
  })
  const referring = tables.flatMap((table, number) =>
    table.parents.map(({ to, notNull, unique }, place) => {
      const parent = to % tables.length
      const type = tables[parent]?.key === 'uuid' ? 'uuid' : 'int'
      return `alter table t${number} add column p${place} ${type}${notNull ? ' not null' : ''}${unique ? ' unique' : ''} references t${parent} (id)`
    }),
  )
  return ["create type mood as enum ('glad', 'so so', 'angry')", ...created, ...referring].join(';\n')
}

test('every table of any small schema gets its rows', async () => {
  const db = await createDatabase('template0')
  onTestFinished(() => db.drop())
  await fc.assert(
    fc.asyncProperty(fc.array(anyTable, { minLength: 1, maxLength: 6 }), fc.nat(100), async (tables, seed) => {
      await db.pool.query(`drop schema public cascade; create schema public; ${toSql(tables)}`)

      const filled = await withClient(db.pool, (client) => fillRows(client, { rowsPerTable: 4, seed }))

      const got = { empty: filled.empty, tables: filled.tables.map(({ table }) => table) }
      expect(got).toEqual({ empty: [], tables: tables.map((_, number) => `public.t${number}`) })
      // One parent with one child each may leave fewer rows than were asked for, and never none.
      expect(filled.tables.filter(({ rows }) => rows < 1 || rows > 4)).toEqual([])
    }),
    { numRuns: 60, seed: 20260 },
  )
}, 120_000)
