import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { changeId } from '../core/index.ts'
import { openJournal, propose, requestGo } from '../journal/index.ts'
import { addFiles, project, sankofa } from './testing/project.ts'

const shop = {
  '0001_customer/up.sql':
    'create table public.customer (id bigint generated always as identity primary key, name text not null, phone text);',
  '0001_customer/undo.sql': 'drop table public.customer;',
}
const withoutPhone = {
  '0002_no_phone/up.sql': 'alter table public.customer drop column phone;',
  '0002_no_phone/undo.sql': 'alter table public.customer add column phone text;',
}

const customers = async (db: TestDatabase) =>
  (await db.pool.query('select * from public.customer as customer order by customer.id')).rows

test('a column goes and comes back with its data: up, status, stash, back', async () => {
  const db = await createDatabase('template0')
  onTestFinished(() => db.drop())
  const folder = project(db, shop)

  const first = await sankofa(folder, db.url, 'migrate', 'up')
  await db.pool.query(`insert into public.customer (name, phone) values ('Ama', '020 1'), ('Kofi', null)`)
  const before = await customers(db)
  addFiles(folder, withoutPhone)
  const second = await sankofa(folder, db.url, 'migrate', 'up')
  const status = await sankofa(folder, db.url, 'migrate', 'status')
  const stash = await sankofa(folder, db.url, 'migrate', 'stash')
  const gone = await customers(db)
  const back = await sankofa(folder, db.url, 'migrate', 'back')

  expect(first.out).toContain('the database was new, so no undo was proved')
  expect(second.out).toContain('! 0002_no_phone  drops public.customer.phone: undo needs the stash, proved with it')
  expect(status.out).toMatch(/0002_no_phone +applied .* by ama; undo exact, rows stashed/)
  expect(stash.out).toMatch(/0002_no_phone \(up\) +public\.customer/)
  expect(gone[0]).not.toHaveProperty('phone')
  expect(back.out).toContain('taken back 0002_no_phone')
  expect(await customers(db)).toEqual(before)
  expect([first, second, status, stash, back].map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
}, 60_000)

test('an undo that is not proved is not applied, unless a person says why', async ({ db }) => {
  const folder = project(db, shop)
  await sankofa(folder, db.url, 'migrate', 'up')
  addFiles(folder, {
    '0002_tax/up.sql': 'alter table public.customer add column tax text;',
    '0002_tax/undo.sql': 'select 1;',
  })

  const refused = await sankofa(folder, db.url, 'migrate', 'up')
  const said = await sankofa(folder, db.url, 'migrate', 'up', '--unproved', 'the column is wanted at once')

  expect(refused).toMatchObject({ code: 1 })
  expect(refused.out).toContain('Column public.customer.tax is left over after the undo')
  expect(said.code).toBe(0)
  const kept = await db.pool.query(
    `select migration.proof ->> 'unproved' as why, migration.proof ->> 'by' as who from sankofa.migration as migration where migration.id = '0002_tax'`,
  )
  expect(kept.rows).toEqual([{ why: 'the column is wanted at once', who: 'ama' }])
}, 60_000)

test('new makes a folder, and derives and writes an undo that is proved', async ({ db }) => {
  const folder = project(db, shop)

  const made = await sankofa(folder, db.url, 'migrate', 'new', 'Loyalty points')
  addFiles(folder, {
    '0002_loyalty_points/up.sql': 'alter table public.customer add column points int not null default 0;',
  })
  const derived = await sankofa(folder, db.url, 'migrate', 'new', '--derive', '0002_loyalty_points')

  expect(made.out).toContain('0002_loyalty_points/up.sql')
  expect(derived).toMatchObject({ code: 0 })
  expect(readFileSync(join(folder, 'migrations/0002_loyalty_points/undo.sql'), 'utf8')).toMatch(
    /drop column "?points"?/i,
  )
  expect((await sankofa(folder, db.url, 'prove')).out).toContain('✓ 0002_loyalty_points  undo proved with rows')
}, 60_000)

test('the first one of a project is made before its folder is there, and an undo is derived for nobody else', async ({
  db,
}) => {
  const folder = project(db, {})

  const made = await sankofa(folder, db.url, 'migrate', 'new', '  First! ')
  const wrong = await sankofa(folder, db.url, 'migrate', 'new', '--derive', '0001_frist')

  expect(made).toMatchObject({ code: 0, out: expect.stringContaining('--derive 0001_first"') })
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('There is no migration "0001_frist"') })
  expect(existsSync(join(folder, 'migrations/0001_first/undo.sql'))).toBe(false)
}, 60_000)

test('prove says what cannot be asked, and finds the migrations of a project that is named', async ({ db }) => {
  const folder = project(db, { ...shop, ...withoutPhone })
  const above = join(folder, '..')
  const ask = (...args: readonly string[]) => sankofa(above, db.url, 'prove', folder, '--shadow', db.url, ...args)

  expect(await ask('--last', '1')).toMatchObject({ code: 0, out: expect.stringContaining('! 0002_no_phone') })
  expect(await ask('--from', '0002_no_phone', '--to', '0001_customer')).toMatchObject({
    code: 1,
    err: '0002_no_phone comes after 0001_customer, so there is nothing from the one to the other. Turn --from and --to round.\n',
  })
  expect(await ask('--sample')).toMatchObject({ code: 2, err: expect.stringContaining('--target URL') })
  expect(await ask('--target', 'postgres://ama@127.0.0.1:1/shop')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--target: the server cannot be used (connect ECONNREFUSED'),
  })
}, 60_000)

test('up goes as far as the one that is named, and nowhere when there is none of that name', async ({ db }) => {
  const folder = project(db, { ...shop, ...withoutPhone })

  const wrong = await sankofa(folder, db.url, 'migrate', 'up', '0001_costumer', '--unproved', 'a try')
  const first = await sankofa(folder, db.url, 'migrate', 'up', '0001_customer')
  const again = await sankofa(folder, db.url, 'migrate', 'up', '0001_customer')

  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('There is no migration "0001_costumer"') })
  expect((await db.pool.query('select from sankofa.migration_proof')).rowCount).toBe(0)
  expect(first.out).toMatch(/^ {2}applied 0001_customer\n1 applied/)
  expect(again.out).toBe('Nothing to do: those up to 0001_customer are applied.\n')
}, 60_000)

test('prove finds the migrations by itself, changes nothing, and answers no when one undo is not proved', async ({
  db,
}) => {
  const folder = project(db, {
    ...shop,
    '0002_ref/up.sql': 'alter table public.customer alter column name drop not null;',
    '0002_ref/undo.sql': 'alter table public.customer alter column name set not null;',
  })
  const tables = () => db.pool.query('select count(*) from pg_class')
  const before = await tables()

  const words = await sankofa(folder, db.url, 'prove')
  const json = await sankofa(folder, db.url, 'prove', '--json')

  expect(words.err).toBe('')
  expect(words).toMatchObject({ code: 1, out: expect.stringContaining('✗ 0002_ref') })
  expect(words.out).toContain('contains null values')
  expect(words.out).toMatch(/next: npx sankofa migrate new --derive 0002_ref/)
  expect(JSON.parse(json.out).proofs.map(({ group, ok }: { group: string; ok: boolean }) => [group, ok])).toEqual([
    ['0001_customer', true],
    ['0002_ref', false],
  ])
  expect((await tables()).rows).toEqual(before.rows)
  expect(existsSync(join(folder, '.sankofa'))).toBe(false)
}, 60_000)

test('what is under way as a change is not applied past the watcher', async ({ db }) => {
  const folder = project(db, shop)
  const journal = openJournal(db.pool)
  const plan = { group: '0001_customer', after: [] }
  const about = {
    actor: 'kofi',
    kind: 'migration',
    control: 'none',
    dependsOn: [],
    size: { unit: 'migration', n: 1 },
  } as const
  await propose(journal, { ...about, change: changeId('0001_customer'), title: 'customers', plan })
  await requestGo(journal, { change: changeId('0001_customer'), actor: 'kofi' })

  const up = await sankofa(folder, db.url, 'migrate', 'up')

  expect(up.code).toBe(1)
  expect(up.err).toContain('Use "sankofa go 0001_customer"')
}, 60_000)
