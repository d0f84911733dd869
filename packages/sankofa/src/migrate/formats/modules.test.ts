import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '#harness'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'

const knexUp = 'exports.up = async (knex) => {}; exports.down = async (knex) => {}'

test('a module that cannot be loaded, or goes nowhere, is told with the others at once', async () => {
  const root = await makeProject({
    'migrations/1_a.js': knexUp,
    'migrations/2_b.js': `require('no-such-package-at-all'); ${knexUp}`,
    'migrations/3_c.ts': 'export const up = (knex: Knex => {',
    'migrations/4_helpers.js': 'exports.tables = (knex) => []',
    'migrations/1_a.test.js': 'throw new Error("a test is no migration")',
    'migrations/types.d.ts': 'declare const a: string',
  })

  await expect(readMigrations(join(root, 'migrations'))).rejects.toMatchObject({
    code: 'MIGRATIONS_WRONG',
    details: {
      problems: [
        expect.stringMatching(/^2_b\.js cannot be loaded: Cannot find module 'no-such-package-at-all'/),
        expect.stringMatching(/^3_c\.ts cannot be loaded: ParseError/),
        expect.stringMatching(/^4_helpers\.js exports no function "up"/),
      ],
    },
  })
})

test('a tool that is not installed is told before anything runs', async () => {
  const root = await makeProject({ 'migrations/1_a.js': knexUp })
  await rm(join(root, 'node_modules'))
  await mkdir(join(root, 'node_modules'))

  await expect(readMigrations(join(root, 'migrations'))).rejects.toThrow(/knex is not installed in .*npm install/)
})

test('modules may be ESM or CommonJS, in a package of either kind, and use the paths of a tsconfig', async () => {
  for (const type of ['module', 'commonjs']) {
    const root = await makeProject({
      'package.json': `{ "type": "${type}" }`,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
      'src/names.ts': `export const table: string = 'customer'`,
      'db/1_a.mjs': 'export const up = async (knex) => {}; export const down = async () => {}',
      'db/2_b.cjs': knexUp,
      'db/3_c.ts': `
        import type { Knex } from 'knex'
        import { table } from '@/names'
        enum Kind { Small }
        export default { up: async (knex: Knex) => { await knex.schema.createTable(table + Kind.Small, () => {}) } }`,
    })

    const { migrations } = await readMigrations(join(root, 'db'))

    expect(migrations.map(({ id, undo }) => [id, undo?.kind])).toEqual([
      ['1_a.mjs', 'code'],
      ['2_b.cjs', 'code'],
      ['3_c.ts', undefined],
    ])
  }
})

test('what a file says now counts, also when it was read before', async () => {
  const root = await makeProject({ 'db/1_a.js': 'exports.up = async (knex) => {}' })
  const before = await readMigrations(join(root, 'db'))
  await writeFile(join(root, 'db/1_a.js'), knexUp)

  const after = await readMigrations(join(root, 'db'))

  expect([before, after].map(({ migrations }) => migrations[0]?.undo?.kind)).toEqual([undefined, 'code'])
})

test('the tables that a project names for its tool are the ones that are kept', async () => {
  const root = await makeProject({
    'package.json': '{ "scripts": { "migrate": "node-pg-migrate up -t done --migrations-schema \'kept\'" } }',
    'kysely.config.ts': `export default { migrations: { migrationTableName: 'done', migrationTableSchema: 'kept' } }`,
    'kysely/1_a.ts': `import type { Kysely } from 'kysely'; export const up = async (db: Kysely<any>) => {}`,
    'kysely/helpers.ts': 'export const nothing = 1',
    'pgm/1_a.js': 'exports.up = (pgm) => {}',
    'config/database.js': `module.exports = { test: { migrationStorageTableName: 'done', migrationStorageTableSchema: 'kept' } }`,
    'sequelize/1-a.js': 'module.exports = { up: async (queryInterface) => {}, down: async () => {} }',
  })

  const sets = await Promise.all(['kysely', 'pgm', 'sequelize'].map((folder) => readMigrations(join(root, folder))))

  expect(sets.map(({ tool, history }) => [tool, history?.tables[0]])).toEqual([
    ['kysely', 'kept.done'],
    ['node-pg-migrate', 'kept.done'],
    ['sequelize', 'kept.done'],
  ])
})

test('two tools that fit equally are both named, and a word decides', async () => {
  const root = await makeProject({
    'db/1_a.js': knexUp,
    'db/2_b.js': 'module.exports = { up: async (queryInterface) => {}, down: async () => {} }',
  })

  await expect(readMigrations(join(root, 'db'))).rejects.toThrow(/knex or sequelize\. Say which with --tool knex/)
  expect((await readMigrations(join(root, 'db'), { tool: 'sequelize' })).tool).toBe('sequelize')
})
