import { randomBytes } from 'node:crypto'
import { asAdmin, expect, onTestFinished, type TestDatabase, test } from '#harness'
import { systemClock } from '../../core/index.ts'
import type { StashHook } from '../apply/migrator.ts'
import { openMigrator } from '../apply/open-migrator.ts'
import { migration, setOf } from '../apply/testing/migrations.ts'
import type { StepClient } from '../migration.ts'
import { runStep } from '../run/run-step.ts'
import { planStash } from './plan-stash.ts'
import { stashing } from './stashing.ts'
import { rowsOfTable, sqlStep } from './testing/trip.ts'

const stash: StashHook = async ({ direction, migration: id, step, opposite, client }) => {
  const plan = await planStash(client, step, { hideFrom: 0, ...(opposite === undefined ? {} : { opposite }) })
  return stashing({ migration: id, direction, plan, budgetBytes: 100_000_000, now: new Date() })
}

/** A role of the service that owns its tables, and may do nothing with what is sankofa's. */
async function ownerOf(db: TestDatabase): Promise<string> {
  const role = `settings_${randomBytes(6).toString('hex')}`
  await asAdmin((admin) => admin.query(`create role ${role} nosuperuser`))
  // The database goes before this does, and what the role owns goes with it.
  onTestFinished(() => asAdmin((admin) => admin.query(`drop role ${role}`)).then(() => {}))
  await db.pool.query(`
    create table public.person (id int primary key, name text, phone text, fee money, seen timestamptz default now());
    insert into public.person select n, 'P' || n, '02' || n, n, '2026-01-02 03:04:05.678+00' from generate_series(1, 300) as n;
    create table public.visit (id int primary key, person_id int references public.person on delete cascade, at date);
    insert into public.visit select n, n, '2026-02-03' from generate_series(1, 300) as n;
    grant create, usage on schema public to ${role};
    alter table public.person owner to ${role}; alter table public.visit owner to ${role}`)
  return role
}

const settings: readonly (readonly [string, (role: string) => string])[] = [
  ['becomes another role', (role) => `set role ${role};`],
  ['becomes another role for its transaction', (role) => `set local role ${role};`],
  ['becomes another user of the session', (role) => `set session authorization ${role};`],
  ['becomes another role by a function', (role) => `select set_config('role', '${role}', false);`],
  ['may take a millisecond for a statement', () => `set statement_timeout = '1ms';`],
  ['looks up names nowhere', () => `select pg_catalog.set_config('search_path', '', false);`],
  ['looks up names in a schema that has its own md5', () => `set search_path = shadow, public, pg_catalog;`],
  ['silences triggers and foreign keys', () => `set session_replication_role = replica;`],
  ['turns row security on', () => `set row_security = on;`],
  ['writes dates, texts and money its own way', () => `set datestyle = 'German'; set timezone = 'Asia/Tokyo';`],
  ['reads backslashes in texts', () => `set standard_conforming_strings = off;`],
]
const steps = [
  [
    'drops a column',
    'alter table public.person drop column phone;',
    'alter table public.person add column phone text;',
  ],
  [
    'drops a column of numbers that must be there',
    'alter table public.person drop column fee;',
    'alter table public.person add column fee money not null;',
  ],
  [
    'deletes and rewrites rows',
    `delete from public.person where id <= 100; update public.person set name = lower(name), seen = '2020-01-01';`,
    '',
  ],
] as const

for (const [what, set] of settings) {
  for (const [does, up, undo] of steps) {
    test(`a step that ${does} and ${what} is taken back with all that was there`, async ({ db }) => {
      const role = await ownerOf(db)
      await db.pool.query(`create schema shadow;
        create function shadow.md5(text) returns text language sql immutable as $$ select 'same' $$`)
      const before = [await rowsOfTable(db.pool, 'public.person'), await rowsOfTable(db.pool, 'public.visit')]
      const undoing = undo === '' ? 'select 1' : undo
      const set1 = setOf(
        migration('0042_it', `${set(role)} ${slowly(up, what)}`, `${set(role)} ${slowly(undoing, what)}`),
      )
      const migrator = openMigrator({ pool: db.pool, set: set1, actor: 'ama', clock: systemClock, stash })

      await migrator.upAll()
      await migrator.back('0042_it')

      const after = [await sortedColumns(db, 'person'), await rowsOfTable(db.pool, 'public.visit')]
      expect(after).toEqual([before[0], before[1]])
    })
  }
}

/** A limit of a millisecond is for the stash to meet: the step's own statements are few and lift it for themselves. */
const slowly = (sql: string, what: string): string =>
  what.includes('millisecond')
    ? `set statement_timeout = 0; ${sql} set statement_timeout = '1ms';`.replace(/select 1 set/, 'select 1; set')
    : sql

/** In the order of before, wherever the columns are by now. */
async function sortedColumns(db: TestDatabase, table: string): Promise<readonly string[]> {
  return rowsOfTable(db.pool, `(select id, name, phone, fee, seen from public.${table})`)
}

test('what a step has set is there again for its next statement', async ({ db }) => {
  const role = await ownerOf(db)
  const client = await db.pool.connect()
  onTestFinished(() => client.release(true))
  const step = sqlStep(`begin; set local role ${role}; set local statement_timeout = '7s'; set datestyle = 'German';
      delete from public.person where id = 1; commit;
    begin; set role ${role}; set search_path = public; alter table person drop column phone; commit;
    begin; alter table person drop column fee; commit`)
  const plan = await planStash(client, step, {})
  const around = stashing({ migration: '1', direction: 'up', plan, budgetBytes: 1e9, now: new Date() })
  const seen: string[] = []
  const look = async (on: StepClient): Promise<void> => {
    const { rows } = await on.query<{ seen: string }>(
      `select concat_ws(' ', current_user = '${role}', session_user = '${role}', current_setting('statement_timeout'), current_setting('datestyle'), current_setting('search_path')) as seen`,
    )
    seen.push(rows[0]?.seen ?? '')
  }
  const frame = {
    begun: async (unit: number, on: StepClient) => {
      await around.frame.begun?.(unit, on)
      await look(on)
    },
    ending: async (unit: number, on: StepClient, last: boolean) => {
      await around.frame.ending?.(unit, on, last)
      await look(on)
    },
  }

  await runStep(client, step, around.watcher, frame)

  expect(seen).toEqual([
    'f f 0 ISO, MDY "$user", public',
    't f 7s German, DMY "$user", public',
    'f f 0 German, DMY "$user", public',
    't f 0 German, DMY public',
    't f 0 German, DMY public',
    't f 0 German, DMY public',
  ])
})
