import type pg from 'pg'
import { describe, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { systemClock } from '../../core/index.ts'
import type { MigrationSet } from '../migration.ts'
import { openMigrator } from './open-migrator.ts'
import { migration, setOf, sql } from './testing/migrations.ts'

const open = (db: TestDatabase, set: MigrationSet) =>
  openMigrator({ pool: db.pool, set, actor: 'ama', clock: systemClock, holder: 'half' })

/** Begins it, waits until PostgreSQL is in the middle of a statement that waits for an old transaction, and ends its connection. */
async function killInTheMiddle(db: TestDatabase, work: () => Promise<unknown>, statement: string): Promise<void> {
  const old = await db.pool.connect()
  onTestFinished(() => old.release())
  await old.query('begin isolation level repeatable read; select count(*) from t')
  const failed = expect(work()).rejects.toThrow(/connection was lost/)
  const waiting = async (): Promise<number | null> => {
    const found = await db.pool.query(
      `select pg_stat_activity.pid from pg_stat_activity where wait_event_type = 'Lock' and query like $1`,
      [`${statement}%`],
    )
    return found.rowCount
  }
  await expect.poll(waiting, { timeout: 20_000, interval: 10 }).toBe(1)
  await terminate(db.pool)
  await failed
  await old.query('commit')
}

const terminate = (pool: pg.Pool): Promise<unknown> =>
  pool.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'sankofa migrate half'`,
  )

async function validity(db: TestDatabase, index: string): Promise<boolean | undefined> {
  const { rows } = await db.pool.query<{ valid: boolean }>(
    'select indisvalid as valid from pg_index where indexrelid = to_regclass($1)',
    [index],
  )
  return rows[0]?.valid
}

const table = migration(
  '001_t',
  'create table t (id int primary key, a int); insert into t select n, n from generate_series(1, 50) n',
  'drop table t',
)

describe('killed in the middle of', () => {
  const named = setOf(
    table,
    migration('002_i', 'create index concurrently t_a on t (a)', 'drop index concurrently t_a'),
  )

  test('CREATE INDEX CONCURRENTLY: the INVALID index is told of, cleared away and built again', async ({ db }) => {
    await open(db, named).up('001_t')
    await killInTheMiddle(db, () => open(db, named).up('002_i'), 'create index')
    expect(await validity(db, 't_a')).toBe(false)

    const [, status] = await open(db, named).status()
    expect(status).toMatchObject({ state: 'applying', interruptedAt: { migration: '002_i', unit: 0, of: 1 } })
    expect(status?.interruptedAt?.next).toMatch(/it left the INVALID index public.t_a. Run "sankofa migrate up 002_i"/)
    expect(status?.interruptedAt?.inDoubt).toBeUndefined()
    await open(db, named).up('002_i')

    expect(await validity(db, 't_a')).toBe(true)
    expect((await open(db, named).status())[1]?.state).toBe('applied')
  })

  test('CREATE INDEX CONCURRENTLY: taking it back clears the INVALID index away', async ({ db }) => {
    await open(db, named).up('001_t')
    await killInTheMiddle(db, () => open(db, named).up('002_i'), 'create index')

    await open(db, named).back('002_i')

    expect(await validity(db, 't_a')).toBeUndefined()
    expect((await open(db, named).status())[1]?.state).toBe('pending')
  })

  test('CREATE INDEX CONCURRENTLY without a name: only its own leftover goes', async ({ db }) => {
    const unnamed = setOf(table, migration('002_i', 'create index concurrently on t (a)', 'drop index t_a_idx1'))
    await open(db, unnamed).up('001_t')
    await db.pool.query('create index t_a_idx on t (a)')
    await killInTheMiddle(db, () => open(db, unnamed).up('002_i'), 'create index')
    expect(await validity(db, 't_a_idx1')).toBe(false)

    await open(db, unnamed).up('002_i')

    expect([await validity(db, 't_a_idx'), await validity(db, 't_a_idx1'), await validity(db, 't_a_idx2')]).toEqual([
      true,
      true,
      undefined,
    ])
  })

  test('DROP INDEX CONCURRENTLY: it is dropped to the end', async ({ db }) => {
    await open(db, named).upAll()
    await killInTheMiddle(db, () => open(db, named).back('002_i'), 'drop index')
    expect((await open(db, named).status())[1]?.state).toBe('undoing')

    await open(db, named).back('002_i')

    expect(await validity(db, 't_a')).toBeUndefined()
    expect((await open(db, named).status())[1]?.state).toBe('pending')
  })

  test('REINDEX CONCURRENTLY: its copies are cleared away', async ({ db }) => {
    const again = setOf(table, migration('002_r', sql('reindex table concurrently t', 'none'), ''))
    await open(db, again).up('001_t')
    await killInTheMiddle(db, () => open(db, again).up('002_r'), 'reindex')
    const left = `select from pg_index where not indisvalid and indrelid = 't'::regclass`
    expect((await db.pool.query(left)).rowCount).toBeGreaterThan(0)

    await open(db, again).up('002_r')

    expect((await db.pool.query(left)).rowCount).toBe(0)
  })

  test('DETACH PARTITION CONCURRENTLY: it is finalized', async ({ db }) => {
    const parts = setOf(
      migration(
        '001_t',
        'create table t (id int) partition by range (id); create table t1 partition of t for values from (0) to (10)',
        'drop table t',
      ),
      migration(
        '002_d',
        'alter table t detach partition t1 concurrently',
        'alter table t attach partition t1 for values from (0) to (10)',
      ),
    )
    await open(db, parts).up('001_t')
    await killInTheMiddle(db, () => open(db, parts).up('002_d'), 'alter table')
    expect((await db.pool.query('select inhdetachpending as pending from pg_inherits')).rows).toEqual([
      { pending: true },
    ])

    await open(db, parts).up('002_d')

    expect((await db.pool.query('select from pg_inherits')).rowCount).toBe(0)
    await open(db, parts).back('002_d')
    expect((await db.pool.query('select from pg_inherits')).rowCount).toBe(1)
  })

  test('a procedure that commits: nobody can tell, so nothing runs before somebody says', async ({ db }) => {
    const waits = setOf(
      table,
      migration(
        '002_p',
        sql(
          `create procedure slow() language plpgsql as $$ begin insert into t values (100); commit; lock table t in access exclusive mode; end $$;
           call slow()`,
          'none',
        ),
        'delete from t where id = 100; drop procedure slow',
      ),
    )
    await open(db, waits).up('001_t')
    await killInTheMiddle(
      db,
      () =>
        openMigrator({
          pool: db.pool,
          set: waits,
          actor: 'ama',
          clock: systemClock,
          holder: 'half',
          lockTimeoutMs: 0,
        }).up('002_p'),
      'call',
    )

    const [, status] = await open(db, waits).status()
    expect(status?.interruptedAt).toMatchObject({ unit: 1, of: 2, inDoubt: 'call slow()' })
    await expect(open(db, waits).up('002_p')).rejects.toMatchObject({ code: 'MIGRATION_IN_DOUBT' })
    expect((await db.pool.query('select from t where id = 100')).rowCount).toBe(1)
    await open(db, waits).up('002_p', { inDoubt: 'done' })

    expect((await open(db, waits).status())[1]?.state).toBe('applied')
  })
})

test('while somebody is at it, status says who, and not that it was interrupted', async ({ db }) => {
  const set = setOf(table, migration('002_i', 'create index concurrently t_a on t (a)', 'drop index t_a'))
  await open(db, set).up('001_t')
  const old = await db.pool.connect()
  onTestFinished(() => old.release())
  await old.query('begin isolation level repeatable read; select count(*) from t')
  const applying = open(db, set).up('002_i')
  const running = async () => (await open(db, set).status())[1]?.running?.application
  await expect.poll(running, { timeout: 20_000, interval: 20 }).toBe('sankofa migrate half')

  const [, status] = await open(db, set).status()
  expect(status).toMatchObject({ state: 'applying' })
  expect(status?.interruptedAt).toBeUndefined()

  await old.query('commit')
  await applying
})

test('a file that was mended goes on where it failed, unless what is done was edited', async ({ db }) => {
  const up = 'create index concurrently t_a on t (a); '
  const set = (text: string) => setOf(table, migration('002', text, 'drop index t_a'))
  await expect(open(db, set(`${up}select 1 / 0`)).upAll()).rejects.toThrow(/1 of its 2 parts/)

  const other = set('create index concurrently t_other on t (a); select 1')
  await expect(open(db, other).upAll()).rejects.toMatchObject({ code: 'MIGRATION_EDITED' })
  await open(db, set(`${up}select 1; create index concurrently t_b on t (a)`)).upAll()

  expect([await validity(db, 't_a'), await validity(db, 't_b')]).toEqual([true, true])
  expect(
    (await open(db, set(`${up}select 1; create index concurrently t_b on t (a)`)).status())[1]?.drift,
  ).toBeUndefined()
})

test('what is being taken back is taken back to the end before it is applied again', async ({ db }) => {
  const set = setOf(table, migration('002', 'select 1', 'create index concurrently t_a on t (a); select 1 / 0'))
  await open(db, set).upAll()
  await expect(open(db, set).back('002')).rejects.toThrow(
    /The undo of 002 failed at "select 1 \/ 0.*1 of its 2 parts are done: mend the cause and run "sankofa migrate back 002"/,
  )

  await expect(open(db, set).upAll()).rejects.toThrow(/002 is being taken back. Run "sankofa migrate back 002"/)
  expect((await open(db, set).status())[1]?.state).toBe('undoing')
})
