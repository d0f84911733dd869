import type pg from 'pg'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { systemClock } from '../../core/index.ts'
import type { MigratorOptions } from './migrator.ts'
import { openMigrator } from './open-migrator.ts'
import { migration, setOf } from './testing/migrations.ts'

const set = setOf(
  migration('001', 'create table t (id int)', 'drop table t'),
  migration('002', 'create table u (); alter table t add column a int', 'drop table u; alter table t drop column a'),
)

const open = (db: TestDatabase, more: Partial<MigratorOptions> = {}) =>
  openMigrator({ pool: db.pool, set, actor: 'ama', clock: systemClock, lockTimeoutMs: 60, ...more })

/** Somebody who has read the table and not committed. */
async function reader(db: TestDatabase): Promise<pg.PoolClient> {
  const client = await db.pool.connect()
  onTestFinished(async () => {
    await client.query('rollback').catch(() => {})
    client.release()
  })
  await client.query(
    `begin isolation level repeatable read; set local application_name = 'report'; select count(*) from t`,
  )
  return client
}

test('a lock that does not come is waited for shortly and often, and the whole part runs again', async ({ db }) => {
  await open(db).up('001')
  const blocker = await reader(db)
  const told: unknown[] = []
  const log = { info: () => {}, warn: (fields: object) => void told.push(fields) }

  const applying = open(db, { log }).up('002')
  await expect.poll(() => told.length, { timeout: 20_000, interval: 10 }).toBeGreaterThan(1)
  await blocker.query('rollback')
  await applying

  expect((await open(db).status()).map(({ state }) => state)).toEqual(['applied', 'applied'])
})

test('in the end it gives up, changes nothing, and names who was in the way', async ({ db }) => {
  await open(db).up('001')
  await reader(db)

  const failure = open(db, { tries: 2 }).up('002')

  await expect(failure).rejects.toThrow(
    /002 got no lock in 2 tries over [\d.]+ s.*In the way: process \d+ "report", in a transaction for \d+ s, idle in transaction: begin isolation level repeatable read; set local.*select count/,
  )
  expect((await db.pool.query(`select to_regclass('u') as u`)).rows).toEqual([{ u: null }])
  expect((await open(db).status())[1]?.state).toBe('pending')
})

test('no value of the statement that is in the way is told', async ({ db }) => {
  await open(db).up('001')
  const blocker = await reader(db)
  await blocker.query(`select t.id from t where t.id::text = 'ama@example.com' or t.id = 4111`)
  const told: unknown[] = []
  const log = { info: () => {}, warn: (fields: object) => void told.push(fields) }

  const failure = await open(db, { tries: 2, log })
    .up('002')
    .catch((error: Error) => error.message)

  expect(failure).toContain('select t.id from t where t.id::text = ? or t.id = ?')
  expect(`${failure} ${JSON.stringify(told)}`).not.toMatch(/example|4111/)
})

test('the wait is bounded by time as well', async ({ db }) => {
  await open(db).up('001')
  await reader(db)

  const began = performance.now()
  await expect(open(db, { tries: 1_000, giveUpAfterMs: 500 }).up('002')).rejects.toMatchObject({
    code: 'MIGRATION_BLOCKED',
  })

  // A thousand tries would take a minute at least.
  expect(performance.now() - began).toBeLessThan(20_000)
})

test('CREATE INDEX CONCURRENTLY waits for an old transaction as long as it takes', async ({ db }) => {
  const concurrently = setOf(
    ...set.migrations.slice(0, 1),
    migration('002', 'create index concurrently t_id on t (id)', 'drop index concurrently t_id'),
  )
  await open(db).up('001')
  const blocker = await reader(db)

  const applying = open(db, { set: concurrently }).up('002')
  const waitsLong = `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'create index%'
                        and clock_timestamp() - query_start > interval '200 ms'`
  await expect.poll(async () => (await db.pool.query(waitsLong)).rowCount, { timeout: 20_000, interval: 20 }).toBe(1)
  await blocker.query('rollback')

  expect((await applying).groups).toEqual(['002'])
})

test('two migrators take turns, and the second has nothing left to do', async ({ db }) => {
  const results = await Promise.all([open(db).upAll(), open(db).upAll(), open(db).upAll()])

  expect(results.flatMap(({ groups }) => groups)).toEqual(['001', '002'])
})

test('who waits too long for another migrator is told who that is', async ({ db }) => {
  const goOn = Promise.withResolvers<void>()
  const holds = Promise.withResolvers<void>()
  const stash: MigratorOptions['stash'] = async () => {
    holds.resolve()
    await goOn.promise
    return undefined
  }
  const first = open(db, { holder: 'ci 42', stash }).upAll()
  await holds.promise

  const status = await open(db).status()
  await expect(open(db, { waitMs: 50 }).upAll()).rejects.toThrow(
    /Another migrator is at work \(process \d+ "sankofa migrate ci 42", since 20/,
  )
  goOn.resolve()
  await first

  expect(status[0]?.state).toBe('pending')
})

test('a migrator whose connection is ended loses the lock and cannot write any more', async ({ db }) => {
  const goOn = Promise.withResolvers<void>()
  const holds = Promise.withResolvers<void>()
  const stash: MigratorOptions['stash'] = async () => {
    holds.resolve()
    await goOn.promise
    return undefined
  }
  const first = open(db, { holder: 'ci 42', stash }).upAll()
  const failed = expect(first).rejects.toThrow(/connection was lost|terminat|Connection/i)
  await holds.promise
  await db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sankofa migrate ci 42'`,
  )

  await open(db).upAll()
  goOn.resolve()
  await failed

  expect((await open(db).status()).map(({ state }) => state)).toEqual(['applied', 'applied'])
})
