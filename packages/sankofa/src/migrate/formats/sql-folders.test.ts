import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '#harness'
import type { MigrationSet } from '../migration.ts'
import { readStatements } from '../sql/statement.ts'
import { checksum } from './flyway.ts'
import { readMigrations } from './read-migrations.ts'
import { makeProject } from './testing/project.ts'

/** Each migration in one line: its name, way up, way back. */
const told = ({ migrations }: MigrationSet) =>
  migrations.map(({ id, up, undo }) => {
    const [forward, back] = [up, undo].map((step) => (step?.kind === 'sql' ? step.sql.trim() : 'none'))
    return `${id}: ${forward} / ${back}`
  })

const problemsOf = async (reading: Promise<MigrationSet>): Promise<readonly string[]> => {
  const error = await reading.then(
    () => undefined,
    (cause: { details: { problems: readonly string[] } }) => cause,
  )
  return error?.details.problems ?? []
}

test('our own format is read by its number, with groups, and an empty undo is one', async () => {
  const root = await makeProject({
    'migrations/10000_last/up.sql': 'select 4',
    'migrations/9999_third/up.sql': '-- group: 2026-11 release\r\nselect 3',
    'migrations/9999_third/undo.sql': '',
    'migrations/0001_first one/up.sql': '\uFEFF-- group: 2026-11 release\nselect 1',
    'migrations/0001_first one/undo.sql': 'select -1',
    'migrations/0001_first one/notes.md': 'why',
    'migrations/README.md': 'these are migrations',
    'migrations/.git/up.sql': 'no',
  })

  const set = await readMigrations(join(root, 'migrations'))

  expect(set.tool).toBe('sankofa')
  expect(set.history).toBeUndefined()
  expect(set.migrations.map(({ id, group }) => [id, group])).toEqual([
    ['0001_first one', '2026-11 release'],
    ['9999_third', '2026-11 release'],
    ['10000_last', '10000_last'],
  ])
  expect(set.migrations.map(({ undo }) => (undo?.kind === 'sql' ? undo.sql : undefined))).toEqual([
    'select -1',
    '',
    undefined,
  ])
  expect(set.migrations[0]?.up).toMatchObject({ sql: '-- group: 2026-11 release\nselect 1' })
})

test('diesel is read by version without dashes, and its metadata says what has no transaction', async () => {
  const root = await makeProject({
    'migrations/2026-01-02-000000_b/up.sql': 'select 2',
    'migrations/2026-01-02-000000_b/down.sql': 'select -2',
    'migrations/20260101000000_a/up.sql': 'select 1',
    'migrations/2026-01-03-000000_c/up.sql': 'select 3',
    'migrations/2026-01-03-000000_c/metadata.toml': '# told\nrun_in_transaction = false\n',
    'migrations/2026-01-04-000000_d/up.sql': 'select 4',
    'migrations/2026-01-04-000000_d/metadata.toml': '[other]\nrun_in_transaction = false\n',
  })

  const set = await readMigrations(join(root, 'migrations'))

  expect(set.tool).toBe('diesel')
  expect(told(set)).toEqual([
    '20260101000000_a: select 1 / none',
    '2026-01-02-000000_b: select 2 / select -2',
    '2026-01-03-000000_c: select 3 / none',
    '2026-01-04-000000_d: select 4 / none',
  ])
  expect(set.migrations.map(({ up }) => up.transaction)).toEqual(['auto', 'auto', 'none', 'auto'])
})

test('folders that diesel named are its own, also where nobody has written a way back', async () => {
  const root = await makeProject({ 'migrations/2026-01-01-101500_a/up.sql': 'select 1' })

  expect((await readMigrations(join(root, 'migrations'))).tool).toBe('diesel')
})

test('golang-migrate is read by number, not by name', async () => {
  const root = await makeProject({
    'db/10_c.up.sql': 'select 10',
    'db/9_b.up.sql': 'select 9',
    'db/9_b.down.sql': 'select -9',
    'db/001_a.up.sql': 'select 1',
    'db/001_a.down.sql': '',
  })

  const set = await readMigrations(join(root, 'db'))

  expect(set.tool).toBe('golang-migrate')
  expect(told(set)).toEqual(['001_a: select 1 / ', '9_b: select 9 / select -9', '10_c: select 10 / none'])
})

test('sections of dbmate and goose are told apart, and statements keep their line', async () => {
  const root = await makeProject({
    'dbmate/1_a.sql':
      '-- migrate:up\nselect 1;\n-- migrate:down\nselect -1;\n-- migrate:up\nselect 2;\n-- migrate:down\n',
    'dbmate/2_b.sql': '--migrate:up\nselect 3;\n',
    'goose/00002_b.sql': '-- +goose NO TRANSACTION\n-- +goose Up\nselect 2;\n-- +goose Down\n\n',
    'goose/00001_a.sql': `-- +goose Up
-- +goose StatementBegin
do $$ begin perform 1; end $$;
-- +goose StatementEnd
-- +goose Down
select -1;
`,
  })

  const dbmate = await readMigrations(join(root, 'dbmate'))
  const goose = await readMigrations(join(root, 'goose'))

  expect([dbmate.tool, goose.tool]).toEqual(['dbmate', 'goose'])
  expect(told(dbmate).map((line) => line.replaceAll(/\n+/g, ' '))).toEqual([
    '1_a: select 1; select 2; / select -1;',
    '2_b: select 3; / none',
  ])
  expect(goose.migrations.map(({ up }) => up.transaction)).toEqual(['auto', 'none'])
  expect(goose.migrations.map(({ undo }) => undo?.kind === 'sql' && undo.sql.trim())).toEqual(['select -1;', ''])
  const [back] = goose.migrations.map(({ undo }) => undo)
  const statements = await readStatements(back?.kind === 'sql' ? back.sql : '')
  expect(statements.map(({ sql, line }) => [sql, line])).toEqual([['select -1', 6]])
})

test('statements above the first section are not dropped in silence', async () => {
  const root = await makeProject({
    'dbmate/1_a.sql': '-- made by hand\ncreate type kind as enum ();\n-- migrate:up\nselect 1;\n',
    'goose/1_a.sql': 'create type kind as enum ();\n-- +goose Up\nselect 1;\n',
  })

  for (const folder of ['dbmate', 'goose']) {
    expect(await problemsOf(readMigrations(join(root, folder)))).toEqual([expect.stringMatching(/statements above/)])
  }
})

test('Flyway is read by the parts of its version, and what it alone can do is refused by name', async () => {
  const root = await makeProject({
    'sql/V1_10__c.sql': 'select 3',
    'sql/V1.2__second_step.sql': 'select 2',
    'sql/V1.2__second_step.sql.conf': 'executeInTransaction=false\n',
    'sql/U1_2__second_step.sql': 'select -2',
    'sql/V01__first.sql': 'select 1',
    'wrong/V1__a.sql': `select ${'$'}{schema}`,
    'wrong/V1.0.0__b.sql': 'select 1',
    'wrong/V1__c.sql': 'select 1',
    'wrong/R__view.sql': 'select 1',
  })

  const set = await readMigrations(join(root, 'sql'))
  const problems = await problemsOf(readMigrations(join(root, 'wrong')))

  expect(set.tool).toBe('flyway')
  expect(told(set)).toEqual([
    'V01__first: select 1 / none',
    'V1.2__second_step: select 2 / select -2',
    'V1_10__c: select 3 / none',
  ])
  expect(set.migrations.map(({ up }) => up.transaction)).toEqual(['auto', 'none', 'auto'])
  expect(problems.join('\n')).toMatch(/R__view\.sql is repeatable/)
  expect(problems.join('\n')).toMatch(/V1\.0\.0__b\.sql and V1__a\.sql and V1__c\.sql have one version, 1/)
  expect(problems.join('\n')).toMatch(/V1__a\.sql holds \$\{schema\}/)
})

test('a Flyway checksum does not depend on line ends', () => {
  expect(checksum('create table a ();\nselect 1;\n')).toBe(checksum('create table a ();\r\nselect 1;'))
  expect(checksum('create table a ();')).not.toBe(checksum('create table b ();'))
})

test('Prisma keeps its order by name, takes a down.sql as undo and refuses a folder without SQL', async () => {
  const root = await makeProject({
    'prisma/migrations/migration_lock.toml': 'provider = "postgresql"',
    'prisma/migrations/20260102000000_b/migration.sql': 'select 2',
    'prisma/migrations/20260102000000_b/down.sql': 'select -2',
    'prisma/migrations/20260101000000_a/migration.sql': 'select 1',
    'wrong/20260101000000_a/migration.sql': 'select 1',
    'wrong/20260102000000_b/notes.md': '',
  })

  const set = await readMigrations(join(root, 'prisma/migrations'))

  expect(set.tool).toBe('prisma')
  expect(told(set)).toEqual(['20260101000000_a: select 1 / none', '20260102000000_b: select 2 / select -2'])
  expect(await problemsOf(readMigrations(join(root, 'wrong')))).toEqual([
    expect.stringMatching(/^20260102000000_b has no/),
  ])
})

test('Drizzle is read by its journal, or by its newer folders, and a breakpoint ends a statement', async () => {
  const journal = (tags: readonly string[]) =>
    JSON.stringify({
      entries: tags.map((tag, idx) => ({ idx, tag, when: 1_700_000_000_000 + idx, breakpoints: true })),
    })
  const root = await makeProject({
    'drizzle/meta/_journal.json': journal(['0001_z', '0000_a', '0002_gone']),
    'drizzle/meta/0000_snapshot.json': '{}',
    'drizzle/0000_a.sql': 'create table a ()\n--> statement-breakpoint\ncreate table b ();',
    'drizzle/0001_z.sql': 'select 1;--> statement-breakpoint\nselect 2;',
    'drizzle/0003_never.sql': 'select 1;',
    'newer/20260101000000_a/migration.sql': 'select 1',
    'newer/20260101000000_a/snapshot.json': '{}',
    'newer/20260102000000_b/migration.sql': 'select 2',
    'newer/20260102000000_b/snapshot.json': '{}',
  })

  const newer = await readMigrations(join(root, 'newer'))
  const problems = await problemsOf(readMigrations(join(root, 'drizzle')))
  await writeFile(join(root, 'drizzle/meta/_journal.json'), journal(['0001_z', '0000_a', '0003_never']))
  const older = await readMigrations(join(root, 'drizzle'))

  expect([newer.tool, older.tool]).toEqual(['drizzle', 'drizzle'])
  expect(newer.migrations.map(({ id }) => id)).toEqual(['20260101000000_a', '20260102000000_b'])
  expect(older.migrations.map(({ id }) => id)).toEqual(['0001_z', '0000_a', '0003_never'])
  expect(problems).toEqual([
    expect.stringMatching(/^0002_gone\.sql is in/),
    expect.stringMatching(/^0003_never\.sql is not in/),
  ])
  const counts = older.migrations.map(async ({ up }) => (await readStatements(up.kind === 'sql' ? up.sql : '')).length)
  expect(await Promise.all(counts)).toEqual([2, 2, 1])
})

test('two with one version are named together', async () => {
  const root = await makeProject({
    'own/0001_a/up.sql': '',
    'own/1_b/up.sql': '',
    'own/0002_c/up.sql': '',
    'diesel/2026-01-01-000000_a/up.sql': '',
    'diesel/20260101000000_b/down.sql': '',
    'diesel/20260101000000_b/up.sql': '',
    'go/1_a.up.sql': '',
    'go/01_b.up.sql': '',
    'dbmate/1_a.sql': '-- migrate:up\n',
    'dbmate/1_b.sql': '-- migrate:up\n',
  })

  for (const [folder, names] of [
    ['own', '0001_a and 1_b'],
    ['diesel', '2026-01-01-000000_a and 20260101000000_b'],
    ['go', '01_b.up.sql and 1_a.up.sql'],
    ['dbmate', '1_a.sql and 1_b.sql'],
  ] as const) {
    expect(await problemsOf(readMigrations(join(root, folder)))).toEqual([
      expect.stringMatching(new RegExp(`^${names} have`)),
    ])
  }
})

test('links are followed, and one that leads nowhere is not passed over', async () => {
  const root = await makeProject({ 'elsewhere/up.sql': 'select 1', 'elsewhere/undo.sql': '' })
  await mkdir(join(root, 'migrations'))
  await symlink(join(root, 'elsewhere'), join(root, 'migrations/0001_linked'))
  const set = await readMigrations(join(root, 'migrations'))

  await symlink(join(root, 'gone'), join(root, 'migrations/0002_lost'))

  expect(told(set)).toEqual(['0001_linked: select 1 / '])
  expect(await problemsOf(readMigrations(join(root, 'migrations')))).toEqual([
    expect.stringMatching(/^0002_lost is a link/),
  ])
})

test('what is no UTF-8 is refused before it reaches a database', async () => {
  const root = await makeProject({ 'migrations/0001_a/up.sql': '' })
  await writeFile(join(root, 'migrations/0001_a/up.sql'), Buffer.from("select 'caf\xe9'", 'latin1'))

  expect(await problemsOf(readMigrations(join(root, 'migrations')))).toEqual([expect.stringMatching(/is not UTF-8/)])
})

test('a folder that is not there, empty or of no tool says what would be read, and how to write a loader', async () => {
  const root = await makeProject({ 'docs/a.md': '', 'docs/b.sql': 'select 1' })
  await mkdir(join(root, 'empty'))

  for (const folder of ['nowhere', 'empty', 'docs']) {
    await expect(readMigrations(join(root, folder))).rejects.toMatchObject({
      code: 'MIGRATIONS_NOT_FOUND',
      message: expect.stringMatching(/prisma\/migrations\/[\s\S]*--loader/),
    })
  }
})
