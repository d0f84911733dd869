import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { expect, test } from '#harness'
import { loadProjectModule } from './load-module.ts'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'
import { agreeWithTool, columns } from './testing/run.ts'

const shop = {
  'migrations/2026-01-01_customers.ts': `
    import type { Kysely } from 'kysely'
    export async function up(db: Kysely<any>): Promise<void> {
      await db.schema.createTable('customer').addColumn('id', 'serial', (one) => one.primaryKey()).execute()
    }
    export async function down(db: Kysely<any>): Promise<void> {
      await db.schema.dropTable('customer').execute()
    }`,
  'migrations/2026-01-02_products.mjs': `
    import { sql } from 'kysely'
    export async function up(db) {
      await sql\`create table product (id bigint primary key, price numeric)\`.execute(db)
      await db.insertInto('product').values({ id: 1, price: 5 }).execute()
      const row = await db.selectFrom('product').select('id').executeTakeFirstOrThrow()
      if (row.id !== '1') throw new Error('a bigint is a text, as pg has it')
    }
    export async function down(db) { await db.schema.dropTable('product').execute() }`,
  'migrations/2026-01-03_purchases.ts': `
    import { type Kysely, sql } from 'kysely'
    export const up = (db: Kysely<any>) =>
      db.schema.createTable('purchase').addColumn('at', 'timestamptz', (one) => one.defaultTo(sql\`now()\`)).execute()
    export const down = (db: Kysely<any>) => db.schema.dropTable('purchase').execute()`,
}

test('what Kysely has applied and what Sankofa has applied are one history', async ({ db }) => {
  const root = await makeProject(shop)
  const set = await readMigrations(join(root, 'migrations'))
  const pool = new pg.Pool({ connectionString: db.url })
  // Where an assertion fails first, the database goes away under its connections.
  pool.on('error', () => {})
  const real = new Kysely<never>({ dialect: new PostgresDialect({ pool: pool }) })
  const migrator = new Migrator({
    db: real,
    provider: {
      async getMigrations() {
        const modules = await Promise.all(Object.keys(shop).map((file) => loadProjectModule(join(root, file))))
        return Object.fromEntries(
          modules.map((module, index) => [
            set.migrations[index]?.id ?? '',
            module as { up(db: Kysely<never>): Promise<void> },
          ]),
        )
      },
    },
  })
  const run = async (result: Promise<{ readonly error?: unknown }>) => {
    const { error } = await result
    if (error !== undefined) throw error
  }

  expect(set.tool).toBe('kysely')
  expect(set.migrations.map(({ id }) => id)).toEqual([
    '2026-01-01_customers',
    '2026-01-02_products',
    '2026-01-03_purchases',
  ])
  await agreeWithTool(db.pool, set, {
    async pending() {
      return (await migrator.getMigrations()).filter((one) => one.executedAt === undefined).map((one) => one.name)
    },
    applyAll: () => run(migrator.migrateToLatest()),
    takeLastBack: () => run(migrator.migrateDown()),
  })

  await real.destroy()

  expect(await columns(db.pool)).toEqual(['customer.id', 'product.id', 'product.price'])
})
