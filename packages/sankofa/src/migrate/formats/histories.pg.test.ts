import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type pg from 'pg'
import { expect, test } from '#harness'
import type { MigrationSet } from '../migration.ts'
import { checksum } from './flyway.ts'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'
import { goBack, goUp } from './testing/run.ts'

const [first, second] = ['create table customer (id int);\n', 'create table product (id int);\n']
const [firstBack, secondBack] = ['drop table customer;\n', 'drop table product;\n']

/** Both up, then the second back; what the table holds after each. */
async function follow(pool: pg.Pool, set: MigrationSet, rows: string): Promise<readonly (readonly unknown[])[]> {
  const client = await pool.connect()
  const table = async () => (await client.query(rows)).rows.map((row) => Object.values(row as object).join(' '))
  const applied = () => set.history?.applied(client)
  try {
    expect(await applied()).toEqual([])
    await set.history?.ensure(client)
    const ids = set.migrations.map(({ id }) => id)
    await goUp(client, set, set.migrations[0])
    expect(await applied()).toEqual(ids.slice(0, 1))
    await goUp(client, set, set.migrations[1])
    expect(await applied()).toEqual(ids)
    const both = await table()
    await goBack(client, set, set.migrations[1])
    expect(await applied()).toEqual(ids.slice(0, 1))
    const one = await table()
    await goUp(client, set, set.migrations[1])
    expect(await applied()).toEqual(ids)
    return [both, one]
  } finally {
    client.release()
  }
}

test('the table of diesel holds versions without dashes', async ({ db }) => {
  const root = await makeProject({
    'migrations/2026-01-01-000000_customers/up.sql': first,
    'migrations/2026-01-01-000000_customers/down.sql': firstBack,
    'migrations/2026-01-02-000000_products/up.sql': second,
    'migrations/2026-01-02-000000_products/down.sql': secondBack,
  })
  const set = await readMigrations(join(root, 'migrations'))

  const rows = await follow(db.pool, set, 'select version from __diesel_schema_migrations order by version')

  expect(rows).toEqual([['20260101000000', '20260102000000'], ['20260101000000']])
})

test('the one row of golang-migrate goes up and down, and a dirty version is not applied', async ({ db }) => {
  const root = await makeProject({
    'db/1_customers.up.sql': first,
    'db/1_customers.down.sql': firstBack,
    'db/2_products.up.sql': second,
    'db/2_products.down.sql': secondBack,
  })
  const set = await readMigrations(join(root, 'db'))

  const rows = await follow(db.pool, set, 'select version::text, dirty from schema_migrations')

  expect(rows).toEqual([['2 false'], ['1 false']])
  await db.pool.query('update schema_migrations set dirty = true')
  expect(await set.history?.applied(db.pool)).toEqual(['1_customers'])
})

test('the table of goose begins with version 0', async ({ db }) => {
  const root = await makeProject({
    'db/00001_customers.sql': `-- +goose Up\n${first}-- +goose Down\n${firstBack}`,
    'db/00002_products.sql': `-- +goose Up\n${second}-- +goose Down\n${secondBack}`,
  })
  const set = await readMigrations(join(root, 'db'))

  const rows = await follow(db.pool, set, 'select version_id::text, is_applied from goose_db_version order by id')

  expect(rows).toEqual([
    ['0 true', '1 true', '2 true'],
    ['0 true', '1 true'],
  ])
  // As goose did before it deleted rows.
  await db.pool.query('insert into goose_db_version (version_id, is_applied) values (1, false)')
  expect(await set.history?.applied(db.pool)).toEqual(['00002_products'])
})

test('the table of Flyway holds version, description, script and checksum, and a baseline covers what is below', async ({
  db,
}) => {
  const root = await makeProject({
    'sql/V1__all_customers.sql': first,
    'sql/U1__all_customers.sql': firstBack,
    'sql/V1_1__products.sql': second,
    'sql/U1_1__products.sql': secondBack,
  })
  const set = await readMigrations(join(root, 'sql'))
  const select = `
    select installed_rank, version, description, type, script, checksum, success
      from flyway_schema_history order by installed_rank`

  const rows = await follow(db.pool, set, select)

  const one = `1 1 all customers SQL V1__all_customers.sql ${checksum(first)} true`
  expect(rows).toEqual([[one, `2 1.1 products SQL V1_1__products.sql ${checksum(second)} true`], [one]])
  await db.pool.query('delete from flyway_schema_history')
  await db.pool.query(
    `insert into flyway_schema_history
       (installed_rank, version, description, type, script, installed_by, execution_time, success)
     values (1, '1', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', 'ama', 0, true)`,
  )
  expect(await set.history?.applied(db.pool)).toEqual(['V1__all_customers'])
})

test('the table of Prisma holds the checksum, and an attempt that failed blocks no longer once it is applied', async ({
  db,
}) => {
  const root = await makeProject({
    'prisma/migrations/20260101000000_customers/migration.sql': first,
    'prisma/migrations/20260101000000_customers/down.sql': firstBack,
    'prisma/migrations/20260102000000_products/migration.sql': second,
    'prisma/migrations/20260102000000_products/down.sql': secondBack,
  })
  const set = await readMigrations(join(root, 'prisma/migrations'))
  const sha = (text: string) => createHash('sha256').update(text).digest('hex')
  await set.history?.ensure(db.pool)
  await db.pool.query(
    `insert into _prisma_migrations (id, checksum, migration_name, logs) values ('x', 'y', '20260101000000_customers', 'failed')`,
  )

  const rows = await follow(
    db.pool,
    set,
    `select migration_name, checksum, finished_at is not null as finished, rolled_back_at is not null as resolved, applied_steps_count
       from _prisma_migrations order by started_at`,
  )

  const [attempt, one] = [
    '20260101000000_customers y false true 0',
    `20260101000000_customers ${sha(first)} true false 1`,
  ]
  expect(rows).toEqual([
    [attempt, one, `20260102000000_products ${sha(second)} true false 1`],
    [attempt, one],
  ])
})

test('the table of Drizzle holds hash and time, in the schema and under the name of its settings', async ({ db }) => {
  const entries = [
    { idx: 0, tag: '0000_customers', when: 1_767_225_600_000 },
    { idx: 1, tag: '0001_products', when: 1_767_312_000_000 },
  ]
  const root = await makeProject({
    'drizzle.config.ts': `export default { dialect: 'postgresql' as const, migrations: { schema: 'kept', table: 'done' } }`,
    'drizzle/meta/_journal.json': JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
    'drizzle/0000_customers.sql': first,
    'drizzle/0000_customers.down.sql': firstBack,
    'drizzle/0001_products.sql': second,
    'drizzle/0001_products.down.sql': secondBack,
  })
  const set = await readMigrations(join(root, 'drizzle'))

  const rows = await follow(db.pool, set, 'select hash, created_at::text from kept.done order by id')

  const lines = [first, second].map(
    (text, index) => `${createHash('sha256').update(text).digest('hex')} ${entries[index]?.when}`,
  )
  expect(rows).toEqual([lines, lines.slice(0, 1)])
  expect(set.history?.tables).toEqual(['kept.done'])
})

test('a table of Drizzle from before its newer folders is read as it is, and extended when one is applied', async ({
  db,
}) => {
  const root = await makeProject({
    'drizzle/20260101000000_customers/migration.sql': first,
    'drizzle/20260101000000_customers/snapshot.json': '{}',
    "drizzle/20260102000000_product's/migration.sql": second,
    "drizzle/20260102000000_product's/snapshot.json": '{}',
  })
  const set = await readMigrations(join(root, 'drizzle'))
  await db.pool.query('create schema drizzle')
  await db.pool.query(
    'create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  )
  await db.pool.query('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, 1767225600123)', [
    createHash('sha256').update(first).digest('hex'),
  ])

  expect(await set.history?.applied(db.pool)).toEqual(['20260101000000_customers'])
  const client = await db.pool.connect()
  await set.history?.ensure(client)
  await goUp(client, set, set.migrations[1])
  client.release()

  const rows = await db.pool.query('select name, created_at::text from drizzle.__drizzle_migrations order by id')
  expect(rows.rows).toEqual([
    { name: '20260101000000_customers', created_at: '1767225600123' },
    { name: "20260102000000_product's", created_at: '1767312000000' },
  ])
})

test('what the history has and no file has keeps its name there', async ({ db }) => {
  const root = await makeProject({
    'migrations/2026-01-01-000000_a/up.sql': '',
    'migrations/2026-01-01-000000_a/down.sql': '',
  })
  const { history } = await readMigrations(join(root, 'migrations'))
  await history?.ensure(db.pool)
  await db.pool.query(`insert into __diesel_schema_migrations (version) values ('20260101000000'), ('20270101000000')`)

  expect(await history?.applied(db.pool)).toEqual(['2026-01-01-000000_a', '20270101000000'])
})

test('an unprivileged role that owns its database can keep every history', async ({ db }) => {
  const root = await makeProject({
    'goose/1_a.sql': '-- +goose Up\nselect 1;\n',
    'sql/V1__a.sql': 'select 1;',
    'db/1_a.up.sql': 'select 1;',
    'knex/1_a.js': 'exports.up = async (knex) => {}; exports.down = async (knex) => {}',
    'typeorm/1767225600000-A.ts': 'export class A1767225600000 { async up(queryRunner) {} async down() {} }',
    'kysely/1_a.ts': `import type { Kysely } from 'kysely'; export const up = async (db: Kysely<any>) => {}`,
    'sequelize/1_a.js': 'module.exports = { up: async (queryInterface) => {}, down: async () => {} }',
  })
  const client = await db.pool.connect()
  await client.query('create role shopkeeper_of_histories')
  await client.query('grant create on schema public to shopkeeper_of_histories')
  await client.query('set role shopkeeper_of_histories')

  for (const folder of ['goose', 'sql', 'db', 'knex', 'typeorm', 'kysely', 'sequelize']) {
    const set = await readMigrations(join(root, folder))
    await client.query('begin')
    await set.history?.ensure(client)
    for (const migration of set.migrations) await set.history?.add(client, migration)
    expect([folder, await set.history?.applied(client)]).toEqual([folder, set.migrations.map(({ id }) => id)])
    await client.query('rollback')
  }

  await client.query('reset role')
  await client.query('drop owned by shopkeeper_of_histories')
  await client.query('drop role shopkeeper_of_histories')
  client.release()
})
