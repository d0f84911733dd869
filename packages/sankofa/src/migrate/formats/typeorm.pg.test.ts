import { join } from 'node:path'
import { DataSource, MigrationExecutor } from 'typeorm'
import { expect, onTestFinished, test } from '#harness'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'
import { agreeWithTool, columns, goBack, goUp } from './testing/run.ts'

const shop = {
  'src/data-source.ts': `
    import { DataSource } from 'typeorm'
    export const AppDataSource = new DataSource({ type: 'postgres', url: process.env.NOWHERE, migrationsTableName: 'shop_migrations' })`,
  'src/migrations/1767225600000-Customers.ts': `
    import { MigrationInterface, QueryRunner } from "typeorm";
    export class Customers1767225600000 implements MigrationInterface {
      name = 'Customers1767225600000'
      public async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(\`CREATE TABLE "customer" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "name" character varying NOT NULL)\`);
      }
      public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(\`DROP TABLE "customer"\`);
      }
    }`,
  'src/migrations/1767312000000-Products.ts': `
    import { MigrationInterface, QueryRunner, Table, TableColumn, TableIndex } from "typeorm";
    export class Products1767312000000 implements MigrationInterface {
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.createTable(new Table({
          name: 'product',
          columns: [{ name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' }],
        }));
        await queryRunner.addColumn('product', new TableColumn({ name: 'cost', type: 'numeric', isNullable: true }));
        await queryRunner.renameColumn('product', 'cost', 'price');
        await queryRunner.createIndex('product', new TableIndex({ columnNames: ['price'] }));
        await queryRunner.manager.query('insert into product (price) values ($1)', [3]);
        await queryRunner.startTransaction();
        await queryRunner.query('delete from product');
        await queryRunner.rollbackTransaction();
      }
      async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.dropTable('product');
      }
    }`,
  'src/migrations/1767398400000-Index.ts': `
    import { MigrationInterface, QueryRunner } from "typeorm";
    export class Index1767398400000 implements MigrationInterface {
      transaction = false
      async up(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query('create index concurrently product_price on product (price)');
      }
      async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query('drop index concurrently product_price');
      }
    }`,
  'src/migrations/index.ts': `export {}`,
}

test('what TypeORM has applied and what Sankofa has applied are one history', async ({ db }) => {
  const root = await makeProject(shop)
  const set = await readMigrations(join(root, 'src/migrations'))
  const real = new DataSource({
    type: 'postgres',
    url: db.url,
    migrationsTableName: 'shop_migrations',
    migrationsTransactionMode: 'each',
    migrations: await realClasses(root),
  })
  await real.initialize()
  onTestFinished(() => real.destroy())

  expect(set.tool).toBe('typeorm')
  expect(set.migrations.map(({ id, up }) => [id, up.transaction])).toEqual([
    ['Customers1767225600000', true],
    ['Products1767312000000', true],
    ['Index1767398400000', false],
  ])
  await agreeWithTool(db.pool, set, {
    pending: async () => (await new MigrationExecutor(real).getPendingMigrations()).map((one) => one.name),
    applyAll: () => real.runMigrations({ transaction: 'each' }),
    takeLastBack: () => real.undoLastMigration({ transaction: 'none' }),
  })

  expect(await columns(db.pool)).toEqual(['customer.id', 'customer.name', 'product.id', 'product.price'])
  const kept = await db.pool.query('select product.price::text from product')
  expect(kept.rows).toEqual([{ price: '3' }])
})

test('helpers of TypeORM that ask the database first can be taken back', async ({ db }) => {
  const root = await makeProject(shop)
  const set = await readMigrations(join(root, 'src/migrations'))
  const client = await db.pool.connect()
  await set.history?.ensure(client)
  await goUp(client, set, set.migrations[1])

  await goBack(client, set, set.migrations[1])

  expect(await columns(db.pool)).toEqual([])
  expect(await set.history?.applied(client)).toEqual([])
  client.release()
})

test('classes whose names end with no time, or with one that another has, are named', async () => {
  const root = await makeProject({
    'migrations/1-a.ts': `
      import { MigrationInterface } from 'typeorm'
      export class A1767225600000 implements MigrationInterface { async up() {} async down() {} }`,
    'migrations/2-b.ts': `
      import { MigrationInterface } from 'typeorm'
      export class A1767225600000 implements MigrationInterface { async up() {} async down() {} }`,
    'migrations/3-c.ts': `
      import { MigrationInterface } from 'typeorm'
      export class Later implements MigrationInterface { async up() {} async down() {} }`,
  })

  const reading = readMigrations(join(root, 'migrations'))

  await expect(reading).rejects.toMatchObject({
    code: 'MIGRATIONS_WRONG',
    details: {
      problems: [
        expect.stringMatching(/3-c\.ts: the class Later/),
        expect.stringMatching(/1-a\.ts and 2-b\.ts have one version/),
      ],
    },
  })
})

/** As a compiler would have handed them to TypeORM. */
async function realClasses(root: string): Promise<(new () => object)[]> {
  const { createJiti } = await import('jiti')
  const files = ['1767225600000-Customers', '1767312000000-Products', '1767398400000-Index']
  const modules = await Promise.all(
    files.map((file) => createJiti(import.meta.url).import<object>(join(root, 'src/migrations', `${file}.ts`))),
  )
  return modules.flatMap((module) => Object.values(module))
}
