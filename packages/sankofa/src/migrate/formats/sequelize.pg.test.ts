import { join } from 'node:path'
import { QueryTypes, Sequelize } from 'sequelize'
import { expect, onTestFinished, test } from '#harness'
import { loadProjectModule } from './load-module.ts'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'
import { agreeWithTool, columns, goUp } from './testing/run.ts'

const shop = {
  'config/config.json': '{ "development": { "dialect": "postgres", "migrationStorageTableName": "shop_meta" } }',
  'migrations/20260101000000-customers.js': `
    'use strict'
    /** @type {import('sequelize-cli').Migration} */
    module.exports = {
      async up(queryInterface, Sequelize) {
        await queryInterface.createTable('customer', {
          id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
          email: { type: Sequelize.STRING, allowNull: false },
        })
      },
      async down(queryInterface) { await queryInterface.dropTable('customer') },
    }`,
  'migrations/20260102000000-products.js': `
    module.exports = {
      up: (queryInterface, Sequelize) => queryInterface.sequelize.transaction(async (transaction) => {
        await queryInterface.createTable('product', { id: Sequelize.BIGINT, kind: Sequelize.ENUM('toy', 'tool') }, { transaction })
        await queryInterface.addColumn('product', 'price', { type: Sequelize.DECIMAL(12, 2) }, { transaction })
        await Promise.all([
          queryInterface.bulkInsert('product', [{ id: 1, kind: 'toy', price: 2 }], { transaction }),
          queryInterface.addIndex('product', ['price'], { transaction }),
        ])
      }),
      down: async (queryInterface) => {
        await queryInterface.dropTable('product')
        await queryInterface.sequelize.query('drop type "enum_product_kind"')
      },
    }`,
  'migrations/20260103000000-purchases.ts': `
    import type { QueryInterface } from 'sequelize'
    export const up = async ({ context: queryInterface }: { context: QueryInterface }) => {
      await queryInterface.renameColumn('customer', 'email', 'address')
    }
    export const down = async ({ context: queryInterface }: { context: QueryInterface }) => {
      await queryInterface.renameColumn('customer', 'address', 'email')
    }`,
}

test('what Sequelize has applied and what Sankofa has applied are one history', async ({ db }) => {
  const root = await makeProject(shop)
  const set = await readMigrations(join(root, 'migrations'))
  const real = new Sequelize(db.url, { logging: false })
  onTestFinished(() => real.close())
  // What sequelize-cli and Umzug do with their table, since neither is installed here.
  const pending = async () => {
    const rows = await real.query<{ name: string }>('select name from "shop_meta" order by name', {
      type: QueryTypes.SELECT,
    })
    return set.migrations.map(({ id }) => id).filter((id) => !rows.some(({ name }) => name === id))
  }

  expect(set.tool).toBe('sequelize')
  await agreeWithTool(db.pool, set, {
    pending,
    async applyAll() {
      for (const id of await pending()) {
        const module = await loadProjectModule(join(root, 'migrations', id))
        const up = module.up as (given: object) => Promise<void>
        await up({ context: real.getQueryInterface() })
        await real.query('insert into "shop_meta" (name) values (:id)', { replacements: { id } })
      }
    },
  })

  expect(await columns(db.pool)).toEqual([
    'customer.address',
    'customer.id',
    'product.id',
    'product.kind',
    'product.price',
  ])
})

test('a Sequelize migration that opens its own transaction leaves nothing when it fails', async ({ db }) => {
  const root = await makeProject({
    'migrations/1-broken.js': `
      module.exports = {
        up: (queryInterface, Sequelize) => queryInterface.sequelize.transaction(async (transaction) => {
          await queryInterface.createTable('customer', { id: Sequelize.INTEGER }, { transaction })
          await queryInterface.sequelize.query('select nothing_like_it', { transaction })
        }),
        down: async () => {},
      }`,
  })
  const set = await readMigrations(join(root, 'migrations'))
  const client = await db.pool.connect()

  await expect(goUp(client, set, set.migrations[0])).rejects.toThrow('nothing_like_it')

  expect(await columns(db.pool)).toEqual([])
  expect((await client.query('select now() = statement_timestamp() as alone')).rows).toEqual([{ alone: true }])
  client.release()
})
