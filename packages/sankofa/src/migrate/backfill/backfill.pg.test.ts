import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { systemClock } from '../../core/index.ts'
import { openMigrator } from '../apply/open-migrator.ts'
import { migration, setOf } from '../apply/testing/migrations.ts'
import { type BackfillOptions, runBackfill } from './run-backfill.ts'

const statement = 'update item set n = n + 1 where id between $1 and $2'

async function items(db: TestDatabase, many: number): Promise<void> {
  await db.pool.query('create table item (id int primary key, n int not null default 0)')
  await db.pool.query('insert into item select 3 * i from generate_series(1, $1) as i', [many])
}
/** How many rows were done how often. */
const done = async (db: TestDatabase): Promise<readonly object[]> =>
  (await db.pool.query('select n as times, count(*)::int as rows from item group by n order by n')).rows

const backfill = (db: TestDatabase, more: Partial<BackfillOptions> = {}) =>
  runBackfill({ pool: db.pool, clock: systemClock, name: 'b', table: 'item', key: 'id', statement, batch: 10, ...more })

describe('a backfill', () => {
  test('does every row once, in batches that grow while they are quick, and nothing the second time', async ({
    db,
  }) => {
    await items(db, 1_000)

    const first = await backfill(db)
    const second = await backfill(db)

    expect(first.rows).toBe(1_000n)
    expect(Number(first.batches)).toBeLessThan(60)
    expect(second).toMatchObject({ rows: 1_000n, batches: first.batches })
    expect(await done(db)).toEqual([{ times: 1, rows: 1_000 }])
  })

  test('makes slow batches smaller', async ({ db }) => {
    await items(db, 60)
    const slow = 'update item set n = n + 1 from pg_sleep(0.25) where id between $1 and $2'

    await backfill(db, { statement: slow, batch: 40 })

    const { rows } = await db.pool.query<{ batch_size: number }>('select batch_size from sankofa.backfill')
    expect(rows[0]?.batch_size).toBeLessThan(20)
    expect(await done(db)).toEqual([{ times: 1, rows: 60 }])
  })

  test('by kill -9 loses no batch and does none twice', async ({ db }) => {
    await items(db, 20_000)
    const file = new URL('./testing/backfill-process.ts', import.meta.url).pathname
    const child = spawn(process.execPath, ['--conditions=sankofa-source', file], {
      env: { ...process.env, NODE_OPTIONS: '', BACKFILL_URL: db.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let batches = 0
    for await (const _ of createInterface({ input: child.stdout })) if (++batches === 6) break
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    expect((await exit)[1]).toBe('SIGKILL')
    const { rows } = await db.pool.query<{ state: string }>('select state from sankofa.backfill')
    expect(rows).toEqual([{ state: 'running' }])

    const { rows: total } = await backfill(db, { name: 'killed' })

    expect(total).toBe(20_000n)
    expect(await done(db)).toEqual([{ times: 1, rows: 20_000 }])
  })

  test('run by two at once does every row once', async ({ db }) => {
    await items(db, 2_000)

    await Promise.all([backfill(db), backfill(db)])

    expect(await done(db)).toEqual([{ times: 1, rows: 2_000 }])
  })

  test('waits while there is a reason, and says which', async ({ db }) => {
    await items(db, 30)
    const reasons = ['checkout is slower than before', undefined]
    const seen: unknown[] = []
    const clock = {
      ...systemClock,
      sleep: async (): Promise<void> => {
        seen.push((await db.pool.query('select state, paused_because from sankofa.backfill')).rows[0])
      },
    }

    await backfill(db, { clock, pauseWhile: async () => reasons.shift() })

    expect(seen).toEqual([{ state: 'paused', paused_because: 'checkout is slower than before' }])
    expect(await done(db)).toEqual([{ times: 1, rows: 30 }])
  })

  test('goes by any key that has an order', async ({ db }) => {
    for (const [type, value] of [
      ['uuid', 'gen_random_uuid()'],
      ['text', `'k ''' || i`],
      ['timestamptz', `'2026-01-01'::timestamptz + i * interval '1 microsecond'`],
      ['numeric', 'i / 7.0'],
    ]) {
      await db.pool.query(`drop table if exists item; create table item (id ${type} not null, n int not null default 0);
        create index on item (id); insert into item select ${value} from generate_series(1, 100) as i`)
      await backfill(db, { name: String(type) })
      expect(await done(db), type).toEqual([{ times: 1, rows: 100 }])
    }
  })

  test('does rows that share a key together, and once', async ({ db }) => {
    await db.pool.query('create table item (id int not null, n int not null default 0); create index on item (id)')
    await db.pool.query('insert into item select i / 30 from generate_series(1, 100) as i')

    await backfill(db)

    expect(await done(db)).toEqual([{ times: 1, rows: 100 }])
  })

  test('without a key that finds every row, quickly, is refused', async ({ db }) => {
    await db.pool.query('create table item (id int, n int not null)')

    await expect(backfill(db, { key: 'other' })).rejects.toThrow(/there is no column other in a table item/)
    await expect(backfill(db)).rejects.toThrow(/may be null/)
    await expect(backfill(db, { key: 'n' })).rejects.toThrow(/leads no index/)
  })

  test('that fails keeps the batches before', async ({ db }) => {
    await items(db, 40)
    await db.pool.query('alter table item add constraint not_ninety check (id <> 90 or n = 0)')

    await expect(backfill(db, { batch: 5 })).rejects.toThrow(/not_ninety/)
    await db.pool.query('alter table item drop constraint not_ninety')
    await backfill(db)

    expect(await done(db)).toEqual([{ times: 1, rows: 40 }])
  })
})

describe('a migration with a backfill', () => {
  const text = `-- table: item\n-- key: id\n-- batch: 5\n${statement};\n`
  const set = setOf(
    migration(
      '001_item',
      'create table item (id int primary key); insert into item select generate_series(1, 50)',
      'drop table item',
    ),
    migration('002_n', 'alter table item add column n int not null default 0', 'alter table item drop column n', {
      backfill: text,
    }),
    migration(
      '003_after',
      'alter table item add constraint n_done check (n = 1)',
      'alter table item drop constraint n_done',
    ),
  )
  const open = (db: TestDatabase, pauseWhile?: () => Promise<string | undefined>) =>
    openMigrator({
      pool: db.pool,
      set,
      actor: 'ama',
      clock: systemClock,
      ...(pauseWhile === undefined ? {} : { pauseWhile }),
    })

  test('counts as applied when all rows are moved, and the next one comes after', async ({ db }) => {
    await open(db).upAll()

    const [, second] = await open(db).status()
    expect(second).toMatchObject({ state: 'applied', backfill: { state: 'done', rows: 50n } })
    await open(db).back('002_n', { alsoLater: true })
    expect((await db.pool.query('select from sankofa.backfill')).rowCount).toBe(0)
  })

  test('interrupted on the way goes on, or goes back with all of its undo', async ({ db }) => {
    let batches = 0
    const breaks = async (): Promise<undefined> => {
      if (++batches === 4) throw new Error('killed')
    }
    await expect(open(db, breaks).upAll()).rejects.toThrow('killed')
    const [, second] = await open(db).status()
    expect(second).toMatchObject({ state: 'applying', backfill: { state: 'running' } })
    expect(second?.interruptedAt?.next).toMatch(
      /Its backfill is not finished. Run "sankofa migrate up 002_n" to go on, or/,
    )

    await open(db).back('002_n')
    expect((await open(db).status())[1]?.state).toBe('pending')
    await open(db).upAll()

    expect(await done(db)).toEqual([{ times: 1, rows: 50 }])
  })

  test('that is not well declared is refused before anything is touched', async ({ db }) => {
    const wrongs: readonly (readonly [string, RegExp])[] = [
      [statement, /has to begin with the lines "-- table: NAME"/],
      [`-- table: item\n-- key: id\nupdate item set n = 1`, /does not use \$1/],
      [`-- table: item\n-- key: id\n${statement}; select 1`, /has 2 statements/],
      [`-- table: item\n-- key: id\n-- batch: many\n${statement}`, /is no number of rows/],
      [`-- table: item\n-- key: id\ncreate table x as select $1, $2`, /has to read or write rows/],
    ]
    for (const [backfillText, message] of wrongs) {
      const wrong = setOf(migration('001', 'create table wrong ()', 'drop table wrong', { backfill: backfillText }))
      const migrator = openMigrator({ pool: db.pool, set: wrong, actor: 'ama', clock: systemClock })
      await expect(migrator.upAll()).rejects.toThrow(message)
      expect((await migrator.status())[0]?.state).toBe('pending')
    }
  })
})
