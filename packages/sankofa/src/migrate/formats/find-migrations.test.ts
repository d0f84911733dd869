import { relative } from 'node:path'
import { expect, test } from '#harness'
import { findMigrations } from './find-migrations.ts'
import { makeProject } from './testing/project.ts'

const found = async (files: Readonly<Record<string, string>>) => {
  const root = await makeProject(files)
  return (await findMigrations(root)).map(
    ({ tool, directory, count }) => `${tool} ${relative(root, directory)} ${count}`,
  )
}

const journal = '{ "entries": [{ "tag": "0000_a", "when": 1 }] }'
const knexUp = 'exports.up = (knex) => knex.schema'

test('the folders of each tool are found by what is in them', async () => {
  expect(await found({ 'prisma/schema.prisma': '', 'prisma/migrations/20260101000000_a/migration.sql': '' })).toEqual([
    'prisma prisma/migrations 1',
  ])
  expect(
    await found({ 'drizzle.config.ts': '', 'src/db/out/meta/_journal.json': journal, 'src/db/out/0000_a.sql': '' }),
  ).toEqual(['drizzle src/db/out 1'])
  expect(await found({ 'migrations/0001_a/up.sql': '', 'migrations/0001_a/undo.sql': '' })).toEqual([
    'sankofa migrations 1',
  ])
  expect(
    await found({ 'migrations/2026-01-01-000000_a/up.sql': '', 'migrations/2026-01-01-000000_a/down.sql': '' }),
  ).toEqual(['diesel migrations 1'])
  expect(await found({ 'db/20260101_a.js': knexUp })).toEqual(['knex db 1'])
  expect(
    await found({ 'src/migrations/1767225600000-A.ts': 'class A implements MigrationInterface { up() {} }' }),
  ).toEqual(['typeorm src/migrations 1'])
  expect(await found({ 'src/main/resources/db/migration/V1__a.sql': '' })).toEqual([
    'flyway src/main/resources/db/migration 1',
  ])
})

test('a module that names no tool is of the only one that the project depends on', async () => {
  const up = 'export async function up(db) { await db.schema.createTable("a").execute() }'
  const kysely = '{ "dependencies": { "kysely": "1" } }'
  const both = '{ "dependencies": { "kysely": "1", "knex": "1" } }'

  expect(await found({ 'package.json': kysely, 'migrations/1_a.ts': up })).toEqual(['kysely migrations 1'])
  expect(await found({ 'package.json': both, 'migrations/1_a.ts': up })).toEqual([])
})

test('code that speaks of a tool is no migration of it', async () => {
  expect(
    await found({
      'src/migrate/run.ts': `export const run = (pgm: object) => pgm`,
      'src/migrate/up.ts': `import knex from 'knex'\nexport const up = (client: object) => knex(client)`,
      'src/migration/show.ts': `import { Kysely } from 'kysely'\nexport const show = (db: Kysely<never>) => db`,
    }),
  ).toEqual([])
})

test('what the project is set up for comes first, fixtures last, and copies of a build not at all', async () => {
  expect(
    await found({
      'package.json': '{ "dependencies": { "knex": "1" } }',
      'knexfile.js': '',
      'packages/api/src/db/migrations/20260101_a.js': knexUp,
      'sql/V1__a.sql': '',
      'test/fixtures/migrations/20260101_a.js': knexUp,
      'dist/migrations/20260101_a.js': knexUp,
      'node_modules.bak/x.md': '',
      '.hidden/migrations/20260101_a.js': knexUp,
      'a/b/c/d/e/f/g/h/migrations/20260101_a.js': knexUp,
      'seeds/01_customers.js': 'exports.seed = (knex) => knex("customer").del()',
    }),
  ).toEqual(['knex packages/api/src/db/migrations 1', 'flyway sql 1', 'knex test/fixtures/migrations 1'])
})
