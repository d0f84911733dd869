import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import { expect, test } from '#harness'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'
import { agreeWithTool, columns } from './testing/run.ts'

const shop = {
  'migrations/1767225600000_customers.sql': `-- Up Migration
create table customer (id serial primary key, email text);
create function hello() returns text language sql as $$ select 'a;b' $$;

-- Down Migration
drop function hello();
drop table customer;
`,
  'migrations/1767312000000_products.js': `
    exports.shorthands = { money: { type: 'numeric(12,2)', notNull: true } }
    exports.up = (pgm) => {
      pgm.createTable('product', { id: 'id', price: 'money' })
      pgm.createIndex('product', 'price')
    }`,
  'migrations/1767398400000_index.ts': `
    import type { MigrationBuilder } from 'node-pg-migrate'
    export async function up(pgm: MigrationBuilder): Promise<void> {
      pgm.noTransaction()
      pgm.createIndex('customer', 'email', { concurrently: true, name: 'customer_email' })
    }
    export async function down(pgm: MigrationBuilder): Promise<void> {
      pgm.noTransaction()
      pgm.dropIndex('customer', 'email', { concurrently: true, name: 'customer_email' })
    }`,
}

test('what node-pg-migrate has applied and what Sankofa has applied are one history', async ({ db }) => {
  const root = await makeProject(shop)
  const set = await readMigrations(join(root, 'migrations'))
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const real = { databaseUrl: db.url, dir: join(root, 'migrations'), migrationsTable: 'pgmigrations', logger: silent }

  expect(set.tool).toBe('node-pg-migrate')
  expect(set.migrations.map(({ up, undo }) => [up.kind, up.transaction, undo?.transaction])).toEqual([
    ['sql', 'auto', 'auto'],
    ['code', true, true],
    ['code', false, false],
  ])
  await agreeWithTool(db.pool, set, {
    pending: async () => (await runner({ ...real, direction: 'up', dryRun: true })).map((one) => one.name),
    applyAll: () => runner({ ...real, direction: 'up' }),
    takeLastBack: () => runner({ ...real, direction: 'down' }),
  })

  expect(await columns(db.pool)).toEqual(['customer.email', 'customer.id', 'product.id', 'product.price'])
})

test('a way back is inferred where the tool can, and missing where it cannot or the author says so', async () => {
  const root = await makeProject({
    'migrations/1_inferred.js': `exports.up = (pgm) => { pgm.createTable('customer', { id: 'id' }) }`,
    'migrations/2_not-inferable.js': `exports.up = (pgm) => { pgm.sql('update customer set id = 1') }`,
    'migrations/3_refused.js': `exports.up = (pgm) => { pgm.createTable('product', { id: 'id' }) }; exports.down = false`,
    'migrations/4_called-back.js': `exports.up = (pgm, done) => { pgm.createTable('purchase', { id: 'id' }); done() }`,
    'migrations/5_empty.sql': `-- Up Migration\nselect 1;\n-- Down Migration\n\n`,
    'migrations/6_one-way.sql': `select 1;`,
  })

  const { migrations } = await readMigrations(join(root, 'migrations'))

  expect(
    migrations.map(({ id, undo }) => [id, undo === undefined ? 'none' : undo.kind === 'sql' ? undo.sql : 'code']),
  ).toEqual([
    ['1_inferred', 'code'],
    ['2_not-inferable', 'none'],
    ['3_refused', 'none'],
    ['4_called-back', 'code'],
    ['5_empty', ''],
    ['6_one-way', 'none'],
  ])
})
