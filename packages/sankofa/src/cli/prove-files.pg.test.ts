import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '#harness'
import { addFiles, project, projectWithoutConfig, sankofa } from './testing/project.ts'

const customer = 'create table public.customer (id bigint primary key, name text not null, phone text);'
const shop = { '0001_customer/up.sql': customer, '0001_customer/undo.sql': 'drop table public.customer;' }
const noPhone = {
  '0002_no_phone/up.sql': 'alter table public.customer drop column phone;',
  '0002_no_phone/undo.sql': 'alter table public.customer add column phone text;',
}
const tax = {
  '0002_tax/up.sql': 'alter table public.customer add column tax text;',
  '0002_tax/undo.sql': 'select 1;',
}

test('a project without a config is told what the next command needs, and that one runs as it is printed', async ({
  db,
}) => {
  const folder = projectWithoutConfig({ ...shop, ...noPhone })

  const prove = await sankofa(folder, '', 'prove', '--shadow', db.url)

  expect(prove).toMatchObject({ code: 0, err: '' })
  expect(prove.out).toContain('next: npx sankofa migrate up')
  expect(prove.out).toContain(`migrations: { directory: 'migrations' }`)
  const config = /export const config = .*/.exec(prove.out)?.[0] ?? ''
  writeFileSync(join(folder, 'sankofa.config.ts'), config)
  expect(await sankofa(folder, db.url, 'migrate', 'up')).toMatchObject({ code: 0 })
}, 120_000)

test('an undo is derived without a config, also where the folder was named', async ({ db }) => {
  const folder = projectWithoutConfig({ ...shop, '0002_tax/up.sql': tax['0002_tax/up.sql'] })
  const above = join(folder, '..')

  const found = await sankofa(folder, '', 'migrate', 'new', '--derive', '0002_tax', '--shadow', db.url)
  addFiles(folder, { '0002_tax/undo.sql': 'select 1;' })
  const named = await sankofa(above, '', 'prove', folder, '--shadow', db.url)

  expect(found).toMatchObject({ code: 0, out: expect.stringContaining('Wrote migrations/0002_tax/undo.sql') })
  expect(named.code).toBe(1)
  const next = /next: npx sankofa (.*)/.exec(named.out)?.[1]?.split(' ') ?? []
  expect(next.slice(0, 5)).toEqual(['migrate', 'new', '--derive', '0002_tax', '--dir'])
  expect(await sankofa(above, '', ...next, '--force', '--shadow', db.url)).toMatchObject({ code: 0 })
}, 120_000)

test('an undo that a person wrote is not overwritten, one that was derived is', async ({ db }) => {
  const folder = project(db, { ...shop, ...tax })
  const file = join(folder, 'migrations/0002_tax/undo.sql')
  const derive = (...more: readonly string[]) => sankofa(folder, '', 'migrate', 'new', '--derive', '0002_tax', ...more)

  const refused = await derive()
  expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('Not written: migrations/0002_tax/undo.sql') })
  expect(refused.out).toContain('--force')
  expect(refused.out).toMatch(/drop column/i)
  expect(readFileSync(file, 'utf8')).toBe('select 1;')

  expect(await derive('--force')).toMatchObject({ code: 0 })
  const derived = readFileSync(file, 'utf8')
  expect(derived).toMatch(/drop column/i)
  addFiles(folder, { '0002_tax/up.sql': 'alter table public.customer add column vat text;' })
  expect(await derive()).toMatchObject({ code: 0 })
  expect(readFileSync(file, 'utf8')).toContain('vat')

  writeFileSync(file, `${readFileSync(file, 'utf8')}\nselect 'mine';`)
  expect(await derive()).toMatchObject({ code: 1 })
  expect(readFileSync(file, 'utf8')).toContain('mine')
}, 120_000)

test('a migration is proved by its name without a database, and it is said what was not looked at', async ({ db }) => {
  const folder = project(db, { ...shop, ...noPhone })

  const proved = await sankofa(folder, '', 'prove', '0002_no_phone')
  const json = await sankofa(folder, '', 'prove', '0002_no_phone', '--json')
  const unknown = await sankofa(folder, '', 'prove', '0003_none')
  const nowhere = await sankofa(projectWithoutConfig(shop), '', 'prove', '0003_none')

  expect(proved).toMatchObject({ code: 0, err: '' })
  expect(proved.out).toContain('! 0002_no_phone')
  expect(proved.out).not.toContain('0001_customer')
  expect(proved.out).toContain('Not looked at without --target URL: the live schema, the sizes of its tables')
  expect(proved.out).toContain('The proof is not kept')
  expect(JSON.parse(json.out)).toMatchObject({
    proofs: [{ group: '0002_no_phone', ok: true }],
    notLookedAt: ['the live schema', 'the sizes of its tables', 'what the running release sends'],
  })
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('DATABASE_URL') })
  expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('The last ones are 0001_customer') })
}, 120_000)

test('what was proved before a migration that cannot run is told, with the error beside it', async ({ db }) => {
  const folder = project(db, {
    ...shop,
    '0002_broken/up.sql': 'alter table public.nobody add column tax text;',
    '0003_after/up.sql': 'alter table public.customer add column tax text;',
  })

  const json = await sankofa(folder, '', 'prove', '--json')
  const words = await sankofa(folder, '', 'prove')

  const { proofs, error, message } = JSON.parse(json.out)
  expect(proofs.map(({ group, ok }: { group: string; ok: boolean }) => [group, ok])).toEqual([
    ['0001_customer', true],
    ['0002_broken', false],
  ])
  expect(error).toBe('MIGRATION_FAILED')
  expect(message).toContain('0002_broken')
  expect(json.code).toBe(1)
  expect(words).toMatchObject({ code: 1, err: expect.stringContaining('relation "public.nobody" does not exist') })
  expect(words.out).toContain('1 of 2 undos proved, then it could not go on:')
}, 120_000)

test('a file that PostgreSQL cannot read takes no proof of those before it away', async ({ db }) => {
  const folder = project(db, { ...shop, '0002_typo/up.sql': 'alter tabel public.customer add column tax text;' })

  const json = await sankofa(folder, '', 'prove', '--json')

  const { proofs, ...rest } = JSON.parse(json.out)
  expect(proofs[0]).toMatchObject({ group: '0001_customer', ok: true })
  expect(json.code).toBe(1)
  expect(JSON.stringify([proofs[1] ?? null, rest])).toContain('tabel')
}, 120_000)

test('up says that an applied file was edited, and of another live schema nothing about an undo', async ({ db }) => {
  const folder = project(db, shop)
  await sankofa(folder, db.url, 'migrate', 'up')
  addFiles(folder, { ...noPhone, '0001_customer/up.sql': `${customer} create index on public.customer (name);` })

  const edited = await sankofa(folder, db.url, 'migrate', 'up')
  addFiles(folder, shop)
  await db.pool.query('alter table public.customer alter column name drop not null, add column extra int')
  const drifted = await sankofa(folder, db.url, 'migrate', 'up')

  expect(edited).toMatchObject({
    code: 1,
    err: expect.stringContaining('0001_customer was edited after being applied'),
  })
  expect(drifted.code).toBe(1)
  expect(drifted.out).toContain(
    'Nothing was applied: the live schema is not what the migrations before make: the column ',
  )
  expect(drifted.out).toContain('public.customer.extra is there, and they do not make it.')
  expect(`${edited.out}${edited.err}${drifted.out}${drifted.err}`).not.toContain('after the undo')
}, 120_000)
