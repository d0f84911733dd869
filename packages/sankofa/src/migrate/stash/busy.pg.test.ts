import pg from 'pg'
import { expect, onTestFinished, type TestDatabase, test } from '#harness'
import { systemClock } from '../../core/index.ts'
import type { StashHook } from '../apply/migrator.ts'
import { openMigrator } from '../apply/open-migrator.ts'
import { migration, setOf } from '../apply/testing/migrations.ts'
import { planStash } from './plan-stash.ts'
import { stashing } from './stashing.ts'

const tables = `
  create table a (id int primary key, note text, n int not null default 0);
  create table b (id int primary key, note text, n int not null default 0);
  insert into a select n, 'a' || n from generate_series(1, 2000) as n;
  insert into b select n, 'b' || n from generate_series(1, 2000) as n`

const dropsBoth = migration(
  '0042_notes',
  'alter table a drop column note; alter table b drop column note',
  'alter table b add column note text; alter table a add column note text',
)

const stash: StashHook = async ({ direction, migration: id, step, opposite, client }) => {
  const plan = await planStash(client, step, opposite === undefined ? {} : { opposite })
  return stashing({ migration: id, direction, plan, budgetBytes: 100_000_000, now: new Date() })
}

/** A service's connection, quick to see a deadlock: if there is one, it is the one that loses. */
async function customer(db: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: db.url, application_name: 'customer' })
  // The database goes before this connection does.
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  await client.query(`set deadlock_timeout = '20ms'`)
  return client
}

const migratorOf = (db: TestDatabase, told: unknown[] = []) =>
  openMigrator({
    pool: db.pool,
    set: setOf(dropsBoth),
    actor: 'ama',
    clock: systemClock,
    lockTimeoutMs: 400,
    tries: 100,
    stash,
    log: { info: () => {}, warn: (fields: object) => void told.push(fields) },
  })

async function waitsForLock(db: TestDatabase): Promise<boolean> {
  const { rows } = await db.pool.query(
    `select 1 from pg_stat_activity where application_name like 'sankofa migrate%' and wait_event_type = 'Lock' and datname = current_database()`,
  )
  return rows.length > 0
}

for (const [name, first, second] of [
  ['has read a table and then writes it', 'select count(*) from a', 'update a set n = n + 1 where id = 1'],
  ['has written the second table and then writes the first', 'update b set n = 1', 'update a set n = 1 where id = 1'],
  ['has written the first table and then writes the second', 'update a set n = 1', 'update b set n = 1 where id = 1'],
] as const) {
  test(`a customer who ${name} is never the victim of a step that wants both`, async ({ db }) => {
    await db.pool.query(tables)
    const shopper = await customer(db)
    await shopper.query('begin')
    await shopper.query(first)

    const applying = migratorOf(db).upAll()
    await expect.poll(() => waitsForLock(db), { timeout: 20_000, interval: 2 }).toBe(true)
    await shopper.query(second)
    await shopper.query('commit')
    await applying

    const { rows } = await db.pool.query(`select a.id from a where a.id = 1`)
    expect(rows).toEqual([{ id: 1 }])
  })
}

test('writers who take two tables in both orders never see a deadlock while a step is applied and taken back', async ({
  db,
}) => {
  await db.pool.query(tables)
  const before = (await db.pool.query('select a.id, a.note, b.note as other from a join b using (id) order by a.id'))
    .rows
  const codes: unknown[] = []
  const waits: number[] = []
  let commits = 0
  let stop = false
  const write = async (turn: number): Promise<void> => {
    const client = await customer(db)
    const order = turn % 2 === 0 ? ['a', 'b'] : ['b', 'a']
    for (let round = 0; !stop; round++) {
      const id = 1 + turn + 10 * (round % 100)
      const began = performance.now()
      try {
        await client.query('begin')
        await client.query(`select count(*) from ${order[0]} where id = ${id}`)
        for (const table of order) await client.query(`update ${table} set n = n + 1 where id = ${id}`)
        await client.query('commit')
        commits++
      } catch (error) {
        codes.push((error as { code?: unknown }).code)
        await client.query('rollback')
      }
      waits.push(performance.now() - began)
      // A service has something else to do between two requests.
      await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 8))
    }
  }
  const writers = [0, 1, 2, 3, 4, 5].map(write)
  await expect.poll(() => commits, { interval: 5 }).toBeGreaterThan(20)
  const told: unknown[] = []
  const idle = Math.max(...waits)

  const atStart = commits
  const migrator = migratorOf(db, told)
  for (let round = 0; round < 3; round++) {
    await migrator.upAll()
    await migrator.back('0042_notes')
  }
  const during = commits - atStart
  stop = true
  await Promise.all(writers)

  expect(codes).toEqual([])
  expect(during).toBeGreaterThan(20)
  // Somebody had to wait for the step: the locks did meet.
  expect(Math.max(...waits)).toBeGreaterThan(idle)
  const after = (await db.pool.query('select a.id, a.note, b.note as other from a join b using (id) order by a.id'))
    .rows
  expect(after).toEqual(before)
}, 120_000)
