import type pg from 'pg'
import { createDatabase, describe, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { systemClock } from '../../core/index.ts'
import type { History, MigrationSet, StepClient } from '../migration.ts'
import { digestOfGroup } from './digest.ts'
import type { MigratorOptions } from './migrator.ts'
import { openMigrator } from './open-migrator.ts'
import { saveProof } from './proofs.ts'
import { code, migration, setOf, sql } from './testing/migrations.ts'

const open = (db: Pick<TestDatabase, 'pool'>, set?: MigrationSet, more: Partial<MigratorOptions> = {}) =>
  openMigrator({ pool: db.pool, actor: 'ama', clock: systemClock, ...(set === undefined ? {} : { set }), ...more })

const exists = async (db: Pick<TestDatabase, 'pool'>, name: string): Promise<boolean> => {
  const { rows } = await db.pool.query<{ there: boolean }>('select to_regclass($1) is not null as there', [name])
  return rows[0]?.there === true
}
const statesOf = async (migrator: ReturnType<typeof openMigrator>): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await migrator.status()).map(({ group, state }) => [group, state]))

const shop = setOf(
  migration('001_product', 'create table product (id int primary key, name text)', 'drop table product'),
  migration('002_price', 'alter table product add column price int', 'alter table product drop column price'),
)

describe('up and back', () => {
  test('apply in order, take back the newest, and say so', async ({ db }) => {
    const migrator = open(db, shop)
    expect(await statesOf(migrator)).toEqual({ '001_product': 'pending', '002_price': 'pending' })

    const applied = await migrator.upAll()
    const again = await migrator.upAll()
    const back = await migrator.back('002_price')

    expect(applied.groups).toEqual(['001_product', '002_price'])
    expect(again.groups).toEqual([])
    expect(back.groups).toEqual(['002_price'])
    const [first, second] = await migrator.status()
    expect(first).toMatchObject({ state: 'applied', by: 'ama', migrations: ['001_product'] })
    expect(first?.appliedAt).toBeInstanceOf(Date)
    expect(second).toEqual({ group: '002_price', migrations: ['002_price'], state: 'pending' })
    expect(await exists(db, 'product')).toBe(true)
  })

  test('an empty database that has never seen Sankofa is told of, and migrated', async () => {
    const db = await createDatabase('template0')
    onTestFinished(() => db.drop())
    const migrator = open(db, shop)

    expect(await statesOf(migrator)).toEqual({ '001_product': 'pending', '002_price': 'pending' })
    await migrator.up('001_product')
    expect(await exists(db, 'product')).toBe(true)
  })

  test('an unprivileged owner of its own tables can do all of it', async ({ db }) => {
    await db.pool.query(`
      create role migrator_${process.pid} login password 'x';
      grant create on database ${new URL(db.url).pathname.slice(1)} to migrator_${process.pid};
      grant create, usage on schema public to migrator_${process.pid};
      drop schema sankofa cascade`)
    const url = new URL(db.url)
    url.username = `migrator_${process.pid}`
    url.password = 'x'
    const { createPool } = await import('../../db/index.ts')
    const pool = createPool({ url: url.href, applicationName: 'own' })
    onTestFinished(() => pool.end())
    const migrator = open({ pool }, setOf(...shop.migrations, concurrent))

    await migrator.upAll()
    await migrator.back('001_product', { alsoLater: true })

    expect(Object.values(await statesOf(migrator))).toEqual(['pending', 'pending', 'pending'])
  })

  test('an older checkout, without the file, takes a newer migration back', async ({ db }) => {
    await open(db, shop).upAll()
    const older = open(db, setOf(...shop.migrations.slice(0, 1)))
    expect(await statesOf(older)).toEqual({ '001_product': 'applied', '002_price': 'unknown here' })

    await older.back('002_price')

    const { rows } = await db.pool.query(
      `select attname from pg_attribute where attrelid = 'product'::regclass and attnum > 0 and not attisdropped`,
    )
    expect(rows).toEqual([{ attname: 'id' }, { attname: 'name' }])
    await open(db).back('001_product')
    expect(await exists(db, 'product')).toBe(false)
  })

  test('an earlier one goes only with those after it', async ({ db }) => {
    const migrator = open(db, shop)
    await migrator.upAll()

    await expect(migrator.back('001_product')).rejects.toThrow(/002_price was applied after 001_product.*--also-later/)
    expect(await exists(db, 'product')).toBe(true)
    const back = await migrator.back('001_product', { alsoLater: true })

    expect(back.groups).toEqual(['002_price', '001_product'])
    expect(await exists(db, 'product')).toBe(false)
  })

  test('a gap is refused unless it is meant', async ({ db }) => {
    const side = setOf(...shop.migrations, migration('003_side', 'create table side ()', 'drop table side'))
    const migrator = open(db, side)

    await expect(migrator.up('003_side')).rejects.toThrow(/comes after 001_product, 002_price/)
    await migrator.up('003_side', { outOfOrder: true })
    await migrator.upAll()

    // It was applied first, so it goes last.
    expect((await migrator.back('003_side', { alsoLater: true })).groups).toEqual([
      '002_price',
      '001_product',
      '003_side',
    ])
  })

  test('what is not there, not applied or without an undo is refused before anything is touched', async ({ db }) => {
    const set = setOf(...shop.migrations, migration('003_one_way', 'create table one_way ()'))
    const migrator = open(db, set)
    await expect(migrator.up('nothing')).rejects.toMatchObject({ code: 'MIGRATION_GROUP_UNKNOWN' })
    await expect(migrator.back('001_product')).rejects.toMatchObject({ code: 'MIGRATION_NOT_APPLIED' })
    await migrator.upAll()

    await expect(migrator.back('002_price', { alsoLater: true })).rejects.toMatchObject({ code: 'MIGRATION_NO_UNDO' })
    expect(await exists(db, 'one_way')).toBe(true)
    expect((await migrator.status())[2]?.noUndo).toBe('no undo was written for it')

    const written = migration('003_one_way', 'create table one_way ()', 'drop table one_way')
    await open(db, setOf(...shop.migrations, written)).back('003_one_way')
    expect(await exists(db, 'one_way')).toBe(false)
  })

  test('a migration that fails leaves nothing, and names the statement', async ({ db }) => {
    const set = setOf(
      migration('001_wrong', `create table a (id int);\n\ninsert into a values (1);\nselect 1 / 0; -- why\n`),
    )

    const failure = open(db, set).upAll()

    await expect(failure).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { statement: 'select 1 / 0 (line 4)', reason: 'division by zero' },
    })
    expect(await exists(db, 'a')).toBe(false)
    expect(await statesOf(open(db, set))).toEqual({ '001_wrong': 'pending' })
  })

  test('what one migration sets on its connection does not reach the next, nor the pool', async ({ db }) => {
    const set = setOf(
      migration(
        '001_dump',
        `select pg_catalog.set_config('search_path', '', false); set lock_timeout = '1ms'; create table public.a ()`,
      ),
      migration('002_plain', 'create table b (); set role pg_monitor', 'drop table b'),
      migration('003_third', 'create table c ()', 'drop table c'),
    )
    await open(db, set).upAll()

    expect(await exists(db, 'public.c')).toBe(true)
    const { rows } = await db.pool.query(
      `select current_setting('search_path') as path, current_user = session_user as same`,
    )
    expect(rows).toEqual([{ path: '"$user", public', same: true }])
  })

  test('what the pool sets on each connection holds for every migration', async ({ db }) => {
    await db.pool.query('create schema own')
    const { createPool } = await import('../../db/index.ts')
    const pool = createPool({ url: db.url, applicationName: 'own' })
    onTestFinished(() => pool.end())
    pool.on('connect', (client) => void client.query('set search_path to own'))

    await open({ pool }, shop).upAll()

    expect(await exists(db, 'own.product')).toBe(true)
  })
})

const concurrent = migration(
  '003_index',
  'create index concurrently product_name on product (name)',
  'drop index concurrently product_name',
)

describe('a group', () => {
  const release = (second: string) =>
    setOf(
      migration('010_a', 'create table a (id int)', 'drop table a', { group: 'release 7' }),
      migration('011_b', second, 'drop table if exists b', { group: 'release 7' }),
      migration('012_c', 'create table c (id int)', 'drop table c', { group: 'release 7' }),
    )

  test('of plain SQL is one transaction: all or nothing, both ways', async ({ db }) => {
    const wrong = open(db, release('create table b (id int); select 1 / 0'))
    await expect(wrong.up('release 7')).rejects.toThrow(/Nothing of its group was done/)
    expect([await exists(db, 'a'), await exists(db, 'b')]).toEqual([false, false])

    const migrator = open(db, release('create table b (id int)'))
    const { migrations } = await migrator.up('release 7')
    expect(migrations.map(({ id }) => id)).toEqual(['010_a', '011_b', '012_c'])
    const { rows } = await db.pool.query<{ n: bigint }>('select count(distinct xmin::text) as n from sankofa.migration')
    expect(rows[0]?.n).toBe(1n)

    const back = await migrator.back('release 7')
    expect(back.migrations.map(({ id }) => id)).toEqual(['012_c', '011_b', '010_a'])
  })

  test('may be named by one of its migrations', async ({ db }) => {
    expect((await open(db, release('create table b ()')).up('011_b')).groups).toEqual(['release 7'])
  })

  test('whose second migration uses what only a commit gives is applied one after the other', async ({ db }) => {
    const set = setOf(
      migration('001', `create type mood as enum ('low'); create table t (m mood)`, 'drop table t; drop type mood'),
      migration('002', `alter type mood add value 'high'`, '', { group: 'moods' }),
      migration('003', `insert into t values ('high')`, `delete from t where m::text = 'high'`, { group: 'moods' }),
    )
    await open(db, set).upAll()

    expect((await db.pool.query('select m from t')).rows).toEqual([{ m: 'high' }])
  })

  test('with something around each step is one transaction all the same', async ({ db }) => {
    const seen: string[] = []
    const stash: NonNullable<MigratorOptions['stash']> = async ({ direction, migration: id, opposite }) => ({
      watcher: { after: async ({ sql: text }) => void seen.push(`${direction} ${id}: ${text}`) },
      frame: {
        begun: async () => void seen.push(`${direction} ${id} begins`),
        ending: async () => void seen.push(`${direction} ${id} ends, ${opposite === undefined ? 'alone' : 'both'}`),
      },
    })
    const wrong = open(db, release('create table b (id int); select 1 / 0'), { stash })
    await expect(wrong.up('release 7')).rejects.toThrow(/up of 011_b failed at "select 1 \/ 0 .*Nothing of its group/)
    expect([await exists(db, 'a'), await exists(db, 'b')]).toEqual([false, false])

    seen.length = 0
    const migrator = open(db, release('create table b (id int)'), { stash })
    await migrator.up('release 7')
    const { rows } = await db.pool.query<{ n: bigint }>('select count(distinct xmin::text) as n from sankofa.migration')
    expect(rows[0]?.n).toBe(1n)
    expect(seen.slice(0, 3)).toEqual(['up 010_a begins', 'up 010_a: create table a (id int)', 'up 010_a ends, both'])
    await migrator.back('release 7')
    expect(seen.at(-1)).toBe('undo 010_a ends, both')
    expect(await exists(db, 'a')).toBe(false)
  })

  test('that cannot be one transaction stops where it fails, says so, and goes on', async ({ db }) => {
    const wrong = open(db, release('create index concurrently b_index on a (id); select 1 / 0'))
    await expect(wrong.up('release 7')).rejects.toThrow(/1 of its 2 parts are done/)
    const [status] = await wrong.status()
    expect(status).toMatchObject({ state: 'applying', interruptedAt: { migration: '011_b', unit: 1, of: 2 } })
    expect(status?.interruptedAt?.next).toMatch(/1 of 2 parts are done; next is: "select 1 \/ 0".*migrate up release 7/)

    const mended = open(db, release('create index concurrently b_index on a (id); create table b ()'))
    await mended.up('release 7')

    expect(await statesOf(mended)).toEqual({ 'release 7': 'applied' })
    expect([await exists(db, 'b_index'), await exists(db, 'b'), await exists(db, 'c')]).toEqual([true, true, true])
    await mended.back('release 7')
    expect([await exists(db, 'a'), await exists(db, 'b'), await exists(db, 'c')]).toEqual([false, false, false])
  })

  test('that is half applied can be taken back: what was never made is passed over', async ({ db }) => {
    const set = setOf(
      ...shop.migrations,
      migration(
        '003_half',
        'create index concurrently half_index on product (name); alter table product add column half int; select 1 / 0',
        'alter table product drop column half; drop index half_index',
      ),
    )
    await expect(open(db, set).upAll()).rejects.toThrow(/1 of its 2 parts/)

    const back = await open(db, set).back('003_half')

    expect(back.migrations).toMatchObject([
      { id: '003_half', passedOver: [{ statement: 'alter table product drop column half' }] },
    ])
    expect(await exists(db, 'half_index')).toBe(false)
    expect(await statesOf(open(db, set))).toMatchObject({ '003_half': 'pending' })
  })
})

describe('what cannot run in a transaction', () => {
  test('a failed CREATE INDEX CONCURRENTLY leaves no INVALID index and can run again', async ({ db }) => {
    const set = setOf(
      migration('001_t', 'create table t (id int); insert into t values (1), (1)', 'drop table t'),
      migration('002_i', 'create unique index concurrently t_id on t (id)', 'drop index concurrently t_id'),
    )
    await expect(open(db, set).upAll()).rejects.toThrow(/could not create unique index.*Nothing of it was done/)
    expect(await exists(db, 't_id')).toBe(false)
    expect(await statesOf(open(db, set))).toEqual({ '001_t': 'applied', '002_i': 'pending' })

    await db.pool.query('delete from t')
    await open(db, set).upAll()
    expect(await exists(db, 't_id')).toBe(true)
  })

  test('an INVALID index that somebody left under that name does not pass for a good one', async ({ db }) => {
    await db.pool.query('create table t (id int); insert into t values (1), (1)')
    await db.pool.query('create unique index concurrently t_id on t (id)').catch(() => {})
    expect(await exists(db, 't_id')).toBe(true)
    await db.pool.query('delete from t')

    await open(db, setOf(migration('001', 'create unique index concurrently if not exists t_id on t (id)', ''))).upAll()

    const { rows } = await db.pool.query(`select indisvalid from pg_index where indexrelid = 't_id'::regclass`)
    expect(rows).toEqual([{ indisvalid: true }])
  })

  test('statements of a "no transaction" file are each done once, with the settings before them', async ({ db }) => {
    const up = sql(
      `create schema own; set search_path to own; create table t (id int);
       insert into t values (1); select 1 / (select count(*) from public.switch);`,
      'none',
    )
    const set = setOf(migration('001', up, sql('drop table own.t; drop schema own', 'none')))
    await db.pool.query('create table public.switch (id int)')
    await expect(open(db, set).upAll()).rejects.toThrow(/4 of its 5 parts are done/)

    await db.pool.query('insert into public.switch values (1)')
    await open(db, set).upAll()

    expect((await db.pool.query('select * from own.t')).rows).toEqual([{ id: 1 }])
    await open(db, set).back('001')
    expect(await exists(db, 'own.t')).toBe(false)
  })

  test('an enum value is there for the statement after it', async ({ db }) => {
    const set = setOf(
      migration('001', `create type mood as enum ('low'); create table t (m mood)`, 'drop table t; drop type mood'),
      migration(
        '002',
        `alter type mood add value 'high'; insert into t values ('high')`,
        `delete from t where m::text = 'high'`,
      ),
    )
    await open(db, set).upAll()
    expect((await db.pool.query('select m from t')).rows).toEqual([{ m: 'high' }])
  })

  test('a procedure that commits by itself runs, though its text does not say that it does', async ({ db }) => {
    const set = setOf(
      migration(
        '001',
        `create table t (id int);
         create procedure fill() language plpgsql as $$ begin for i in 1..3 loop insert into t values (i); commit; end loop; end $$;`,
        'drop procedure fill; drop table t',
      ),
      migration('002', sql('call fill(); insert into t values (9)', 'none'), 'delete from t'),
    )
    await open(db, set).upAll()
    expect((await db.pool.query('select id from t order by id')).rows.map((row) => row.id)).toEqual([1, 2, 3, 9])
  })
})

test('a failure of what surrounds the statements is not said to be of one of them', async ({ db }) => {
  const stash = async () => ({
    watcher: {},
    frame: { ending: async (_: number, client: StepClient) => void (await client.query('select 1 / 0')) },
  })
  const migrator = openMigrator({
    pool: db.pool,
    set: setOf(migration('001', 'select 1', '')),
    actor: 'ama',
    clock: systemClock,
    stash,
  })

  await expect(migrator.upAll()).rejects.toThrow(
    'The up of 001 failed at "what its module, or Sankofa around it, sent": division by zero.',
  )
})

describe('code', () => {
  const fill = migration(
    '002_fill',
    code(async (client) => void (await client.query('insert into product (id, name) values ($1, $2)', [1, 'yam']))),
    code(async (client) => void (await client.query('delete from product where id = $1', [1]))),
  )
  const set = setOf(...shop.migrations.slice(0, 1), fill)

  test('runs in the transaction of its record, and back by its module', async ({ db }) => {
    await open(db, set).upAll()
    expect((await db.pool.query('select * from product')).rows).toEqual([{ id: 1, name: 'yam' }])
    await open(db, set).back('002_fill')
    expect((await db.pool.query('select * from product')).rows).toEqual([])
  })

  test('without its module goes back by what the proof has recorded, and is refused where nothing was', async ({
    db,
  }) => {
    await open(db, set).upAll()
    await expect(open(db).back('002_fill')).rejects.toThrow(/its undo is a module that is not in this folder/)
    await open(db, set).back('002_fill')

    const proof = { grade: 'exact', loss: 'kept', captured: { '002_fill': ['delete from product where id = 1'] } }
    const digest = digestOfGroup([fill])
    await saveProof(db.pool, { digest, base: 'b', group: '002_fill', postgres: '18', proof })
    await open(db, set).upAll()
    await open(db).back('002_fill')

    expect((await db.pool.query('select * from product')).rows).toEqual([])
  })

  test('that fails says at which statement, and what was thrown that is no error', async ({ db }) => {
    const failing = (run: Parameters<typeof code>[0]) => open(db, setOf(migration('001', code(run), ''))).upAll()

    await expect(failing(async (client) => void (await client.query('select $1::int', ['a'])))).rejects.toThrow(
      'The up of 001 failed at "select $1::int": invalid input syntax',
    )
    await expect(failing(() => Promise.reject(null))).rejects.toThrow(
      'failed at "what its module, or Sankofa around it, sent": The module threw null',
    )
  })

  test('that ends its transaction by itself is refused', async ({ db }) => {
    for (const sent of [['commit'], ['select 1', 'rollback'], ['select 1', 'commit', 'begin']]) {
      const ends = code(async (client) => {
        for (const one of sent) await client.query(one)
      })
      await expect(open(db, setOf(migration('001', ends, ''))).upAll(), sent.join()).rejects.toThrow(
        /The module ended the transaction that it runs in/,
      )
      expect((await db.pool.query('select from sankofa.migration')).rowCount).toBe(0)
    }
    const sets = code(async (client) => void (await client.query('set transaction isolation level serializable')))
    await open(db, setOf(migration('001', sets, ''))).upAll()
  })

  test('that fails without a transaction is in doubt until somebody says what became of it', async ({ db }) => {
    let fails = true
    const half = async (client: { query: pg.ClientBase['query'] }): Promise<void> => {
      await client.query('create table half (id int)')
      if (fails) throw new Error('away')
    }
    const migrator = open(db, setOf(migration('001', code(half, false), 'drop table half')))
    await expect(migrator.upAll()).rejects.toThrow(/It may be half done/)
    expect((await migrator.status())[0]).toMatchObject({ state: 'applying', interruptedAt: { inDoubt: 'its module' } })
    await expect(migrator.upAll()).rejects.toThrow(/"sankofa migrate up 001 --step-done" or/)

    fails = false
    await migrator.upAll({ inDoubt: 'done' })

    expect(await statesOf(migrator)).toEqual({ '001': 'applied' })
  })
})

describe('edited files', () => {
  const edited = setOf(
    migration('001_product', 'create table product (id bigint primary key, name text)', 'drop table product'),
    ...shop.migrations.slice(1),
  )

  test('are shown, refuse every up, and back uses what was applied', async ({ db }) => {
    await open(db, shop).up('001_product')
    const migrator = open(db, edited)

    expect((await migrator.status())[0]).toMatchObject({
      state: 'applied',
      drift: 'edited since',
      drifted: ['001_product'],
    })
    await expect(migrator.upAll()).rejects.toThrow(/001_product was edited after being applied/)
    expect((await migrator.upAll({ accept: ['001_product'] })).groups).toEqual(['002_price'])
    expect((await migrator.status())[0]?.drift).toBeUndefined()
  })

  test('an edited undo is shown, and the one that was applied is used', async ({ db }) => {
    await open(db, shop).up('001_product')
    const other = setOf(migration('001_product', shop.migrations[0]?.up ?? '', 'select 1 / 0'))

    expect((await open(db, other).status())[0]?.drift).toBe('undo edited since')
    await open(db, other).back('001_product')

    expect(await exists(db, 'product')).toBe(false)
  })
})

describe('the history of another tool', () => {
  const history: History = {
    tables: ['public.history'],
    ensure: async (client) => void (await client.query('create table if not exists history (id text primary key)')),
    applied: async (client) => {
      const there = await client.query(`select to_regclass('history') is not null as there`)
      if (there.rows[0]?.there !== true) return []
      return (await client.query<{ id: string }>('select id from history')).rows.map(({ id }) => id)
    },
    add: async (client, { id }) => void (await client.query('insert into history values ($1)', [id])),
    remove: async (client, { id }) => void (await client.query('delete from history where id = $1', [id])),
  }
  const theirs: MigrationSet = { ...shop, tool: 'knex', history }
  const told = async (db: TestDatabase) =>
    (await db.pool.query('select id from history order by id')).rows.map(({ id }) => id)

  test('is kept true in both directions, in the transaction of the migration', async ({ db }) => {
    const migrator = open(db, theirs)
    await migrator.upAll()
    expect(await told(db)).toEqual(['001_product', '002_price'])
    await migrator.back('002_price')
    expect(await told(db)).toEqual(['001_product'])

    await db.pool.query(`insert into history values ('002_price')`)
    await db.pool.query(`delete from sankofa.migration where id = '002_price'`)
    const wrong = { ...theirs, history: { ...history, applied: async () => ['001_product'] } }
    await expect(open(db, wrong).upAll()).rejects.toThrow(/duplicate key/)
    const { rows } = await db.pool.query(
      `select attname from pg_attribute where attrelid = 'product'::regclass and attname = 'price' and not attisdropped`,
    )
    expect(rows).toEqual([])
  })

  test('is taken over, so that what the tool applied can be taken back', async ({ db }) => {
    await db.pool.query(`create table history (id text primary key); insert into history values ('001_product');
      create table product (id int primary key, name text)`)
    const migrator = open(db, theirs)
    expect((await migrator.status())[0]).toMatchObject({ state: 'applied', by: 'knex' })

    const applied = await migrator.upAll()

    expect([applied.adopted, applied.groups]).toEqual([['001_product'], ['002_price']])
    await migrator.back('001_product', { alsoLater: true })
    expect(await told(db)).toEqual([])
    expect(await exists(db, 'product')).toBe(false)
  })

  test('what the tool took back by itself is pending again', async ({ db }) => {
    const migrator = open(db, theirs)
    await migrator.upAll()
    await db.pool.query(`alter table product drop column price; delete from history where id = '002_price'`)

    expect(await statesOf(migrator)).toEqual({ '001_product': 'applied', '002_price': 'pending' })
    expect((await migrator.upAll()).groups).toEqual(['002_price'])
  })
})

describe('proofs', () => {
  test('of this very SQL are shown and kept with the row; of an edited one they are stale', async ({ db }) => {
    const proof = { grade: 'exact', loss: 'kept' }
    const [first] = shop.migrations
    const digest = digestOfGroup(first === undefined ? [] : [first])
    await saveProof(db.pool, { digest, base: 'b', group: '001_product', postgres: '18', proof })
    const migrator = open(db, shop)
    expect((await migrator.status())[0]?.proof).toEqual(proof)

    const other = setOf(migration('001_product', 'create table product ()', 'drop table product'))
    expect((await open(db, other).status())[0]?.proof).toMatchObject({
      stale: 'the SQL was edited since it was proved',
    })

    await migrator.up('001_product')
    await db.pool.query('delete from sankofa.migration_proof')
    expect((await migrator.status())[0]?.proof).toEqual(proof)
  })
})
