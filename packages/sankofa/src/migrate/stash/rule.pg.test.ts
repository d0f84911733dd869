import fc from 'fast-check'
import { expect, test } from '#harness'
import { listStashes } from './stashes.ts'
import { rowsOfTable, tripOf } from './testing/trip.ts'

test('a unique value that a later row has taken stays with it, and the kept row waits in the stash', async ({ db }) => {
  await db.pool.query(`create table t (id int primary key, email text unique, note text);
    insert into t values (1, 'A@x', 'one'), (2, 'B@x', 'two'), (3, 'c@x', 'three')`)
  const trip = tripOf(db.pool, `update t set email = lower(email); delete from t where id = 3`, '')

  await trip.up()
  await db.pool.query(`insert into t values (8, 'A@x', 'later'), (9, 'c@x', 'later'), (10, 'd@x', 'new')`)
  const { restored } = await trip.undo()

  expect(await rowsOfTable(db.pool, 't')).toEqual([
    '(1,a@x,one)',
    '(10,d@x,new)',
    '(2,B@x,two)',
    '(8,A@x,later)',
    '(9,c@x,later)',
  ])
  expect(restored).toMatchObject([{ updated: 1, inserted: 0, left: 2 }])
  expect(restored[0]?.leftBecause).toMatch(/unique/)
  expect((await listStashes(db.pool)).at(-1)).toMatchObject({ direction: 'up', state: 'restored', rows: 2n })
  const left = await db.pool.query('select v1, v2 from sankofa_stash.s1 order by id')
  expect(left.rows).toEqual([
    { v1: '1', v2: 'A@x' },
    { v1: '3', v2: 'c@x' },
  ])
})

test('a child whose parent was deleted since stays in the stash, and the others come back', async ({ db }) => {
  await db.pool.query(`create table parent (id int primary key); create table child (id int primary key, parent_id int not null references parent);
    insert into parent values (1), (2); insert into child values (1, 1), (2, 2), (3, 1)`)
  const trip = tripOf(db.pool, 'delete from child', '')

  await trip.up()
  await db.pool.query('delete from parent where id = 2')
  const { restored } = await trip.undo()

  expect(await rowsOfTable(db.pool, 'child')).toEqual(['(1,1)', '(3,1)'])
  expect(restored).toMatchObject([{ inserted: 2, left: 1 }])
})

test('what only the new schema could hold survives the undo and comes back with the second up', async ({ db }) => {
  await db.pool.query(
    `create table t (id int primary key, name text, phone text); insert into t values (1, 'Ama', '024'), (2, 'Kofi', '020')`,
  )
  const trip = tripOf(
    db.pool,
    `alter table t drop column phone; alter table t add column bio text; create table tag (t_id int references t on delete cascade, tag text)`,
    `drop table tag; alter table t drop column bio; alter table t add column phone text`,
  )

  await trip.up()
  await db.pool.query(
    `update t set bio = 'sings' where id = 1; insert into t values (3, 'Esi', 'dances'); insert into tag values (1, 'x'), (1, 'x'), (3, 'y')`,
  )
  await trip.undo()
  const between = await rowsOfTable(db.pool, 't')
  await db.pool.query(
    `update t set phone = '999' where id = 2; delete from t where id = 3; insert into t values (4, 'Yaw', '027')`,
  )
  await trip.up()
  const after = [await rowsOfTable(db.pool, 't'), await rowsOfTable(db.pool, 'tag')]
  await trip.undo()

  expect(between).toEqual(['(1,Ama,024)', '(2,Kofi,020)', '(3,Esi,)'])
  expect(after).toEqual([
    ['(1,Ama,sings)', '(2,Kofi,)', '(4,Yaw,)'],
    ['(1,x)', '(1,x)'],
  ])
  expect(await rowsOfTable(db.pool, 't')).toEqual(['(1,Ama,024)', '(2,Kofi,999)', '(4,Yaw,027)'])
})

test('a column that went to another table keeps what was written there since', async ({ db }) => {
  await db.pool.query(`create table person (id int primary key, phone text, seen int);
    insert into person select n, case n when 4 then '' else 'p' || n end, 0 from generate_series(1, 4) as n`)
  const trip = tripOf(
    db.pool,
    `create table contact (person_id int primary key, phone text not null);
     insert into contact select id, phone from person where phone <> ''; alter table person drop column phone`,
    `alter table person add column phone text; update person set phone = contact.phone from contact where contact.person_id = person.id;
     drop table contact`,
  )

  await trip.up()
  await db.pool.query(
    `update contact set phone = 'new' where person_id = 1; update person set seen = 5 where id in (2, 4); insert into contact values (4, 'first')`,
  )
  await trip.undo()

  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,0,new)', '(2,5,p2)', '(3,0,p3)', '(4,5,first)'])
})

test('without the SQL of the opposite step, rows are told apart by their hashes', async ({ db }) => {
  await db.pool.query(`create table t (id int primary key, code text, note text, extra text);
    insert into t select n, '00' || n, 'Note ' || n, 'x' || n from generate_series(1, 5) as n;
    create table gone (id int primary key, note text); insert into gone values (1, 'g')`)
  const trip = tripOf(
    db.pool,
    `alter table t alter column code type int using code::int; update t set note = lower(note); alter table t drop column extra;
     alter table t rename column note to remark; drop table gone`,
    `create table gone (id int primary key, note text); alter table t rename column remark to note; alter table t alter column code type text using code::text;
     alter table t add column extra text`,
    { blind: true },
  )

  await trip.up()
  await db.pool.query(
    `update t set code = 77 where id = 1; update t set remark = 'new' where id = 2; delete from t where id = 3; insert into t values (9, 9, 'nine')`,
  )
  const { restored } = await trip.undo()

  expect(await rowsOfTable(db.pool, 't')).toEqual([
    '(1,77,"Note 1",x1)',
    '(2,002,new,x2)',
    '(4,004,"Note 4",x4)',
    '(5,005,"Note 5",x5)',
    '(9,9,nine,)',
  ])
  expect(await rowsOfTable(db.pool, 'gone')).toEqual(['(1,g)'])
  expect(restored.map(({ deletedSince }) => deletedSince)).toEqual([1, 0])
})

type Row = { readonly a: string; readonly b: string | null }
type Write =
  | { readonly do: 'set a' | 'set b'; readonly id: number; readonly to: string }
  | { readonly do: 'delete'; readonly id: number }
  | { readonly do: 'add'; readonly id: number; readonly to: string }

/** Ways to destroy: `left` is what the step makes of a row (`undefined`: it goes), `back` what the undo makes of that. */
const steps: readonly {
  readonly up: string
  readonly undo: string
  /** Is column a, b there after up? */
  readonly has: { readonly a: boolean; readonly b: boolean }
  left(row: Row, id: number): Row | undefined
  back(row: Row): Row
}[] = [
  {
    up: 'update t set a = lower(a)',
    undo: '',
    has: { a: true, b: true },
    left: (row) => ({ ...row, a: row.a.toLowerCase() }),
    back: (row) => row,
  },
  {
    up: 'alter table t drop column b',
    undo: 'alter table t add column b text',
    has: { a: true, b: false },
    left: (row) => ({ ...row, b: null }),
    back: (row) => row,
  },
  {
    up: 'alter table t drop column b',
    undo: `alter table t add column b text default 'none'`,
    has: { a: true, b: false },
    left: (row) => ({ ...row, b: 'none' }),
    back: (row) => row,
  },
  {
    up: 'alter table t drop column a',
    undo: `alter table t add column a text not null default ''`,
    has: { a: false, b: true },
    left: (row) => ({ ...row, a: '' }),
    back: (row) => row,
  },
  {
    up: 'delete from t where id % 2 = 0',
    undo: '',
    has: { a: true, b: true },
    left: (row, id) => (id % 2 === 0 ? undefined : row),
    back: (row) => row,
  },
  { up: 'truncate t', undo: '', has: { a: true, b: true }, left: () => undefined, back: (row) => row },
  {
    up: 'alter table t alter column b type char(1) using left(b, 1)',
    undo: 'alter table t alter column b type text',
    has: { a: true, b: true },
    left: (row) => ({ ...row, b: row.b?.slice(0, 1) ?? null }),
    back: (row) => row,
  },
  {
    up: `update t set b = a || coalesce(b, ''); alter table t drop column a`,
    undo: `alter table t add column a text not null default ''; update t set a = left(b, 1), b = substr(b, 2); alter table t alter column a drop default`,
    has: { a: false, b: true },
    left: (row) => ({ a: '', b: row.a + (row.b ?? '') }),
    back: ({ b }) => ({ a: b?.slice(0, 1) ?? '', b: b?.slice(1) ?? null }),
  },
  {
    up: `update t set b = null where id > 3`,
    undo: `update t set b = coalesce(b, '?')`,
    has: { a: true, b: true },
    left: (row, id) => (id > 3 ? { ...row, b: null } : row),
    back: (row) => ({ ...row, b: row.b ?? '?' }),
  },
  {
    up: 'create table n as select id, a from t; drop table t; alter table n rename to t; alter table t add primary key (id), alter column a set not null',
    undo: 'alter table t add column b text',
    has: { a: true, b: false },
    left: (row) => ({ ...row, b: null }),
    back: (row) => row,
  },
  {
    up: `with gone as (delete from t where a = 'A' returning id) select * from gone; update t set b = upper(b)`,
    undo: '',
    has: { a: true, b: true },
    left: (row) => (row.a === 'A' ? undefined : { ...row, b: row.b?.toUpperCase() ?? null }),
    back: (row) => row,
  },
]

const letters = fc.constantFrom('A', 'a', 'Bb', 'bB', 'Ccc', 'x')
const id = fc.integer({ min: 1, max: 8 })
const anyWrite: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ do: fc.constantFrom('set a' as const, 'set b' as const), id, to: letters }),
  fc.record({ do: fc.constant('delete' as const), id }),
  fc.record({ do: fc.constant('add' as const), id: fc.integer({ min: 1, max: 12 }), to: letters }),
)

test('whatever is destroyed and whatever is written meanwhile, each row is what the rule says', {
  timeout: 240_000,
}, async ({ db }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...steps),
      fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5', '6'), fc.record({ a: letters, b: fc.option(letters) }), {
        noNullPrototype: true,
      }),
      fc.array(anyWrite, { maxLength: 6 }),
      fc.boolean(),
      async (step, given, writes, instant) => {
        const before = new Map(Object.entries(given).map(([key, row]) => [Number(key), row]))
        await db.pool.query(`drop table if exists t; delete from sankofa.stash; drop schema if exists sankofa_stash cascade;
          create table t (id int primary key, a text not null, b text)`)
        for (const [key, row] of before) await db.pool.query('insert into t values ($1, $2, $3)', [key, row.a, row.b])
        const trip = tripOf(db.pool, step.up, step.undo, instant ? { hideFrom: 0 } : {})

        await trip.up()
        for (const write of writes) await perform(db.pool, write, step.has)
        await trip.undo()

        const { rows } = await db.pool.query<{ id: number } & Row>('select id, a, b from t order by id')
        expect(rows).toEqual(expected(step, before, writes))
      },
    ),
    { numRuns: 60, seed: 20261123 },
  )
})

async function perform(
  pool: { query(sql: string, values?: unknown[]): Promise<unknown> },
  write: Write,
  has: { a: boolean; b: boolean },
): Promise<void> {
  if (write.do === 'delete') await pool.query('delete from t where id = $1', [write.id])
  else if (write.do === 'add') {
    const names = ['id', ...(has.a ? ['a'] : []), ...(has.b ? ['b'] : [])]
    const values = names.map((_, index) => `$${index + 1}`)
    await pool.query(`insert into t (${names}) values (${values}) on conflict do nothing`, [
      write.id,
      ...names.slice(1).map((name) => (name === 'b' ? write.to.slice(0, 1) : write.to)),
    ])
  } else if (write.do === 'set a' && has.a) await pool.query('update t set a = $2 where id = $1', [write.id, write.to])
  else if (write.do === 'set b' && has.b)
    await pool.query('update t set b = $2 where id = $1', [write.id, write.to.slice(0, 1)])
}

/** The rule, without the stash: what nobody changed is as before; else it is what the undo makes of what was written. */
function expected(
  step: (typeof steps)[number],
  before: ReadonlyMap<number, Row>,
  writes: readonly Write[],
): readonly ({ readonly id: number } & Row)[] {
  const left = new Map<number, Row>()
  for (const [key, row] of before) {
    const after = step.left(row, key)
    if (after !== undefined) left.set(key, after)
  }
  const now = new Map(left)
  const added = new Set<number>()
  for (const write of writes) {
    const row = now.get(write.id)
    if (write.do === 'delete') now.delete(write.id)
    else if (write.do === 'add') {
      if (row !== undefined) continue
      added.add(write.id)
      now.set(write.id, {
        a: step.has.a ? write.to : '',
        b: step.has.b ? write.to.slice(0, 1) : step.undo.includes(`'none'`) ? 'none' : null,
      })
    } else if (row !== undefined && write.do === 'set a' && step.has.a) now.set(write.id, { ...row, a: write.to })
    else if (row !== undefined && write.do === 'set b' && step.has.b)
      now.set(write.id, { ...row, b: write.to.slice(0, 1) })
  }
  const result = new Map<number, Row>()
  for (const [key, row] of now) {
    const was = before.get(key)
    const alone = left.get(key)
    const back = step.back(row)
    if (was === undefined || alone === undefined) {
      result.set(key, back)
      continue
    }
    const untouched = step.back(alone)
    result.set(key, { a: back.a === untouched.a ? was.a : back.a, b: back.b === untouched.b ? was.b : back.b })
  }
  // Gone by the step, and nobody has taken the key since.
  for (const [key, row] of before) if (!left.has(key) && !now.has(key)) result.set(key, row)
  return [...result].map(([key, row]) => ({ id: key, ...row })).sort((one, other) => one.id - other.id)
}
