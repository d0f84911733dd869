import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { asAdmin, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { runStep } from '../run/run-step.ts'
import { eraseSubject } from './erase-subject.ts'
import { planStash } from './plan-stash.ts'
import { dropStash, expireStashes, listStashes, settleStash } from './stashes.ts'
import { stashing } from './stashing.ts'
import { rowsOfTable, sqlStep, tripOf } from './testing/trip.ts'

const person = `create table person (id int primary key, name text, phone text);
  insert into person values (1, 'Ama', '024'), (2, 'Kofi', '020'), (3, 'Esi', '024')`
const dropPhone = ['alter table person drop column phone', 'alter table person add column phone text'] as const

async function stashTables(db: TestDatabase): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `select class.relname as name from pg_class as class where class.relnamespace = to_regnamespace('sankofa_stash') and class.relkind = 'r' order by 1`,
  )
  return rows.map(({ name }) => name)
}

/** Roles belong to the server, not to the test's database. */
async function roleWith(db: TestDatabase, grants: (role: string) => string): Promise<pg.Client> {
  const role = `stash_${randomBytes(6).toString('hex')}`
  await asAdmin((admin) => admin.query(`create role ${role} login password 'x' nosuperuser`))
  await db.pool.query(grants(role))
  const url = new URL(db.url)
  url.username = role
  url.password = 'x'
  const client = new pg.Client({ connectionString: url.href })
  // The database goes before this connection does, and what the role owns goes with it.
  client.on('error', () => {})
  await client.connect()
  onTestFinished(async () => {
    await client.end().catch(() => {})
    await asAdmin((admin) => admin.query(`drop role ${role}`))
  })
  return client
}

test('an unprivileged owner keeps and gets back, and no other role can look into the stash', async ({ db }) => {
  const owner = await roleWith(
    db,
    (
      role,
    ) => `grant create on database ${new URL(db.url).pathname.slice(1)} to ${role}; grant create, usage on schema public to ${role};
      grant usage on schema sankofa to ${role}; grant all on all tables in schema sankofa to ${role}; grant all on all sequences in schema sankofa to ${role}`,
  )
  const other = await roleWith(db, () => 'select 1')
  const { rows } = await db.pool.query<{ role: string }>(
    `select rolname as role from pg_roles where rolname like 'stash%' order by oid desc limit 1`,
  )
  await owner.query(`alter default privileges grant select on tables to ${rows[0]?.role}; alter default privileges grant usage on schemas to ${rows[0]?.role};
    ${person}; create function bad() returns trigger language plpgsql as $$ begin raise exception 'no' ; end $$`)
  const trip = tripOf(db.pool, `${dropPhone[0]}; delete from person where id = 3`, dropPhone[1], { client: owner })

  await trip.up()
  await owner.query('create trigger person_no before insert or update on person for each row execute function bad()')
  await expect(other.query('select * from sankofa_stash.s1')).rejects.toThrow(
    /permission denied for schema sankofa_stash/,
  )
  await trip.undo()

  expect(await rowsOfTable(owner, 'person')).toEqual(['(1,Ama,024)', '(2,Kofi,020)', '(3,Esi,024)'])
  await expect(owner.query(`update person set name = 'x'`)).rejects.toThrow('no')
})

test('a stash that somebody altered is refused, and nothing is changed', async ({ db }) => {
  await db.pool.query(person)
  const trip = tripOf(db.pool, ...dropPhone)
  await trip.up()

  await db.pool.query(`update sankofa_stash.s1 set v1 = '666' where id = 1`)

  await expect(trip.undo()).rejects.toMatchObject({ code: 'STASH_TAMPERED' })
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama)', '(2,Kofi)', '(3,Esi)'])
  expect(await listStashes(db.pool)).toMatchObject([{ state: 'open', rows: 3n }])
})

test('what has expired is deleted, and the undo says so before it changes anything, unless the loss is accepted', async ({
  db,
}) => {
  await db.pool.query(person)
  const trip = tripOf(db.pool, ...dropPhone)
  await trip.up({ now: new Date('2026-01-01') })

  const early = await expireStashes(db.pool, new Date('2026-01-14'))
  await expect(trip.undo({ now: new Date('2026-01-20') })).rejects.toMatchObject({ code: 'STASH_GONE' })
  const late = await expireStashes(db.pool, new Date('2026-01-16'))

  expect([early.length, late.length]).toEqual([0, 1])
  expect(await stashTables(db)).toEqual([])
  await expect(trip.undo()).rejects.toThrow(/public\.person expired on 2026-01-15/)
  await trip.undo({ acceptLoss: true })
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama,)', '(2,Kofi,)', '(3,Esi,)'])
})

test('a stash is dropped by its number, and all of a migration when it is settled', async ({ db }) => {
  await db.pool.query(
    `${person}; create table other (id int primary key, note text); insert into other values (1, 'x')`,
  )
  await tripOf(db.pool, ...dropPhone, { migration: 'a' }).up()
  await tripOf(db.pool, 'drop table other', '', { migration: 'b' }).up()

  await dropStash(db.pool, 1n)
  const settled = await settleStash(db.pool, 'b')

  expect(settled.map(({ table }) => table)).toEqual(['public.other'])
  expect(await stashTables(db)).toEqual([])
  expect((await listStashes(db.pool)).map(({ state }) => state)).toEqual(['settled', 'dropped'])
  await expect(dropStash(db.pool, 1n)).rejects.toMatchObject({ code: 'STASH_UNKNOWN' })
})

test('a budget that is too small refuses before anything is touched, with the figures', async ({ db }) => {
  await db.pool.query(
    `create table big (id int primary key, note text); insert into big select n, repeat('x', 500) from generate_series(1, 2000) as n; analyze big`,
  )
  const trip = tripOf(db.pool, 'drop table big', 'create table big (id int primary key, note text)')

  const refused = await trip.up({ budgetBytes: 100_000 }).catch((error: unknown) => error)

  expect(refused).toMatchObject({
    code: 'STASH_OVER_BUDGET',
    details: { budget: '100.0 kB', largest: expect.stringMatching(/public\.big, 1\.\d MB/) },
  })
  expect(await rowsOfTable(db.pool, 'big')).toHaveLength(2000)
  expect(await listStashes(db.pool)).toEqual([])
})

test('what cannot be known is refused, unless a shadow run has shown it or a person accepts it', async ({ db }) => {
  await db.pool.query(person)
  const dynamic = `do $$ begin execute format('delete from %I', 'person'); end $$`

  await expect(tripOf(db.pool, dynamic, '').up()).rejects.toMatchObject({ code: 'STASH_REFUSED' })
  await expect(tripOf(db.pool, dynamic, '', { observed: [] }).up()).rejects.toMatchObject({
    code: 'STASH_INCOMPLETE',
    details: { found: ['rows of public.person were deleted'] },
  })
  expect(await rowsOfTable(db.pool, 'person')).toHaveLength(3)
  await tripOf(db.pool, dynamic, '').up({ acceptLoss: true })
  expect(await rowsOfTable(db.pool, 'person')).toEqual([])
})

test('a module is kept by what a shadow run saw', async ({ db }) => {
  await db.pool.query(person)
  const up = {
    kind: 'code' as const,
    transaction: true,
    source: '',
    run: async (client: { query(sql: string): Promise<unknown> }) => {
      await client.query(`update person set phone = null`)
    },
  }
  const trip = tripOf(db.pool, up, '', { observed: ['public.person'] })

  await trip.up()
  await db.pool.query(`update person set phone = '1' where id = 1`)
  await trip.undo()

  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama,1)', '(2,Kofi,020)', '(3,Esi,024)'])
})

test('a connection that dies while rows are copied leaves nothing behind', async ({ db }) => {
  await db.pool.query(person)
  const client = new pg.Client({ connectionString: db.url })
  await client.connect()
  client.on('error', () => {})
  const step = sqlStep(`${dropPhone[0]}; select 1`)
  const around = stashing({
    migration: 'x',
    direction: 'up',
    plan: await planStash(client, step),
    budgetBytes: 1e9,
    now: new Date(),
  })
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  let copied = 0n

  const outcome = runStep(
    client,
    step,
    {
      async before() {
        const seen = await client.query<{ n: bigint | string }>('select count(*) as n from sankofa_stash.c1')
        copied = BigInt(seen.rows[0]?.n ?? 0)
        await db.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
        return undefined
      },
    },
    around.frame,
  )
  await expect(outcome).rejects.toThrow()
  await client.end().catch(() => {})

  expect(copied).toBe(3n)
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama,024)', '(2,Kofi,020)', '(3,Esi,024)'])
  expect([await listStashes(db.pool), await stashTables(db)]).toEqual([[], []])
})

test('a step of several transactions keeps before the statement that destroys, and gives back', async ({ db }) => {
  await db.pool.query(person)
  const before = await rowsOfTable(db.pool, 'person')
  const trip = tripOf(
    db.pool,
    `create index concurrently person_name on person (name); update person set name = lower(name); alter table person drop column phone`,
    `drop index concurrently person_name; alter table person add column phone text`,
  )

  const plan = await trip.plan('up')
  const { kept } = await trip.up()
  await db.pool.query(`update person set name = 'new' where id = 2`)
  await trip.undo()

  expect(plan).toMatchObject({ oneTransaction: false, keeps: [{ unit: 1, columns: ['name', 'phone'], key: ['id'] }] })
  expect(kept).toMatchObject([{ table: 'public.person', rows: 3 }])
  expect(await rowsOfTable(db.pool, 'person')).toEqual([before[0], '(2,new,020)', before[2]])
})

test('a step with transactions of its own keeps before the one that destroys, and nothing of what it rolls back', async ({
  db,
}) => {
  await db.pool.query(`
    create table public.a (id int primary key, x text); create table public.b (id int primary key, x text);
    insert into public.a values (1, 'one'), (2, 'two'); insert into public.b select * from public.a`)
  const trip = tripOf(
    db.pool,
    `begin; delete from public.a where id = 1; commit;
     begin; update public.b set x = 'gone'; commit;
     begin; delete from public.a; rollback`,
    'begin; delete from public.b; rollback',
  )

  const { kept } = await trip.up()
  await trip.undo()

  expect(kept.map(({ table, rows }) => ({ table, rows }))).toEqual([
    { table: 'public.a', rows: 1 },
    { table: 'public.b', rows: 2 },
  ])
  for (const table of ['a', 'b']) {
    expect((await db.pool.query(`select * from public.${table} as t order by t.id`)).rows).toEqual([
      { id: 1, x: 'one' },
      { id: 2, x: 'two' },
    ])
  }
})

test('a step that was interrupted between its transactions gives back what it had destroyed until then', async ({
  db,
}) => {
  await db.pool.query(`${person}; create table other (id int primary key); insert into other values (1), (1000)`)
  const before = await rowsOfTable(db.pool, 'person')
  const up = `update person set phone = null; create unique index concurrently other_half on other ((id / 1000000))`
  const trip = tripOf(db.pool, up, 'drop index concurrently if exists other_half')

  await expect(trip.up()).rejects.toThrow(/could not create unique index/)
  const between = await rowsOfTable(db.pool, 'person')
  await trip.undo()

  expect(between).toEqual(['(1,Ama,)', '(2,Kofi,)', '(3,Esi,)'])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(before)
})

test('a person is erased from every stash, and the undo gives only the others back', async ({ db }) => {
  await db.pool.query(
    `${person}; create table visit (id int primary key, person_id int, note text); insert into visit values (1, 1, 'a'), (2, 2, 'b')`,
  )
  const first = tripOf(db.pool, ...dropPhone, { migration: 'a' })
  const second = tripOf(
    db.pool,
    'drop table visit',
    'create table visit (id int primary key, person_id int, note text)',
    { migration: 'b' },
  )
  await first.up()
  await second.up()

  const erased = await eraseSubject(db.pool, [{ value: '020' }, { column: 'person_id', value: '2' }])
  await second.undo()
  await first.undo()

  expect(erased.map(({ table, rows }) => [table, rows])).toEqual([
    ['public.person', 1],
    ['public.visit', 1],
  ])
  expect(await rowsOfTable(db.pool, 'person')).toEqual(['(1,Ama,024)', '(2,Kofi,)', '(3,Esi,024)'])
  expect(await rowsOfTable(db.pool, 'visit')).toEqual(['(1,1,a)'])
  expect((await listStashes(db.pool)).map((stash) => stash.erased)).toEqual([1n, 1n])
})

test('the settings of the session and the triggers of the table are afterwards what they were', async ({ db }) => {
  await db.pool.query(`create table t (id int primary key, at timestamptz, note text); insert into t values (1, '2024-06-01 12:00+00', 'X');
    create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger a before delete on t for each row execute function no(); alter table t enable always trigger a;
    create trigger b before delete on t for each row execute function no(); alter table t disable trigger b`)
  const client = new pg.Client({ connectionString: db.url })
  client.on('error', () => {})
  await client.connect()
  await client.query(`set timezone to 'Asia/Tokyo'; set datestyle to 'German'`)
  const trip = tripOf(
    db.pool,
    'alter table t alter column at type date using at::date',
    'alter table t alter column at type timestamptz',
    { client },
  )

  await trip.up()
  await trip.undo()
  const { rows } = await client.query(
    `select at::text as at, (select array_agg(tgenabled::text order by tgname) from pg_trigger where tgrelid = 't'::regclass) as triggers from t`,
  )
  await client.end()

  expect(rows).toEqual([{ at: '01.06.2024 21:00:00 JST', triggers: ['A', 'D'] }])
})
