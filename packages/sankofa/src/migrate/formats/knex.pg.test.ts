import { join } from 'node:path'
import knexOf from 'knex'
import { expect, onTestFinished, test } from '#harness'
import { readMigrations } from './read-migrations.ts'
import { addFiles, makeProject } from './testing/project.ts'
import { agreeWithTool, columns, goBack, goUp } from './testing/run.ts'

const shop = {
  'knexfile.js': `module.exports = { development: { client: 'pg', migrations: { tableName: 'shop_migrations' } } }`,
  'migrations/20260101000000_customers.js': `
    exports.up = (knex) => knex.schema.createTable('customer', (table) => {
      table.increments('id')
      table.string('email').notNullable().unique()
    })
    exports.down = (knex) => knex.schema.dropTable('customer')`,
  'migrations/20260102000000_products.ts': `
    import type { Knex } from 'knex'
    export async function up(knex: Knex): Promise<void> {
      await knex.schema.createTable('product', (table) => {
        table.increments('id')
        table.decimal('price', 12, 2).notNullable()
      })
      await knex('product').insert([{ price: 1 }, { price: 2 }])
      const [{ count }] = await knex('product').count()
      if (typeof count !== 'string') throw new Error('a bigint is a text, as pg has it')
      await knex.transaction(async (inner) => { await inner('product').where({ price: 2 }).del() })
    }
    export async function down(knex: Knex): Promise<void> {
      await knex.schema.dropTable('product')
    }`,
  'migrations/20260103000000_index.js': `
    exports.config = { transaction: false }
    exports.up = (knex) => knex.raw('create index concurrently product_price on product (price)')
    exports.down = (knex) => knex.raw('drop index concurrently product_price')`,
  'migrations/README.md': 'not a migration',
  'migrations/.DS_Store': 'nor this',
}

test('what Knex has applied and what Sankofa has applied are one history', async ({ db }) => {
  const root = await makeProject(shop)
  const set = await readMigrations(join(root, 'migrations'))
  const real = knexOf({
    client: 'pg',
    connection: db.url,
    migrations: { directory: join(root, 'migrations'), tableName: 'shop_migrations' },
  })
  onTestFinished(() => real.destroy())

  expect(set.tool).toBe('knex')
  expect(set.migrations.map(({ up }) => up.transaction)).toEqual([true, true, false])
  await agreeWithTool(db.pool, set, {
    async pending() {
      const [, pending] = (await real.migrate.list()) as [unknown, { file: string }[]]
      return pending.map((one) => one.file)
    },
    applyAll: () => real.migrate.latest(),
    takeLastBack: () => real.migrate.down(),
  })

  expect(await columns(db.pool)).toEqual(['customer.email', 'customer.id', 'product.id', 'product.price'])
  const kept = await db.pool.query('select product.price::text from product')
  expect(kept.rows).toEqual([{ price: '1.00' }])
})

test('a Knex migration that fails leaves nothing, also of what it did not wait for', async ({ db }) => {
  const root = await makeProject(shop)
  await addFiles(root, {
    'migrations/20260104000000_broken.js': `
      exports.up = async (knex) => {
        await knex.schema.createTable('purchase', (table) => table.increments('id'))
        knex.raw('alter table customer add column half boolean').then(() => {}, () => {})
        throw new Error('the author was not done')
      }
      exports.down = async () => {}`,
  })
  const set = await readMigrations(join(root, 'migrations'))
  const client = await db.pool.connect()
  await set.history?.ensure(client)
  await goUp(client, set, set.migrations[0])

  await expect(goUp(client, set, set.migrations[3])).rejects.toThrow('the author was not done')

  expect(await columns(db.pool)).toEqual(['customer.email', 'customer.id'])
  expect(await set.history?.applied(client)).toEqual(['20260101000000_customers.js'])
  await goBack(client, set, set.migrations[0])
  expect(await columns(db.pool)).toEqual([])
  client.release()
})

test('the mappers of a knexfile shape what its migrations send', async ({ db }) => {
  const root = await makeProject({
    'knexfile.ts': `
      const config = {
        client: 'pg',
        wrapIdentifier: (name, wrap) => wrap(name === '*' ? name : name.replace(/[A-Z]/g, (big) => '_' + big.toLowerCase())),
      }
      export default config`,
    'migrations/1_customers.js': `
      exports.up = (knex) => knex.schema.createTable('customer', (table) => { table.text('firstName') })
      exports.down = (knex) => knex.schema.dropTable('customer')`,
  })
  const set = await readMigrations(join(root, 'migrations'))
  const client = await db.pool.connect()
  await set.history?.ensure(client)

  await goUp(client, set, set.migrations[0])

  expect(await columns(db.pool)).toEqual(['customer.first_name'])
  client.release()
})
