import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as ledger from '@sankofa/ledger'
import { systemClock } from 'sankofa/core'
import { openMigrator } from 'sankofa/migrate'
import { expect, type TestDatabase, test } from '#harness'
import { migrate } from './migrate.ts'

/** What a market of before `sankofa/migrate` has left: its own table, and the first migration in it. */
async function earlierMarket(db: TestDatabase, sha256?: string): Promise<void> {
  await ledger.install(db.pool)
  const up = await readFile(new URL('../migrations/0001_auth/up.sql', import.meta.url), 'utf8')
  await db.pool.query(up)
  await db.pool.query(`
    create table public.market_migration (
      name       text        primary key,
      sha256     text        not null,
      applied_at timestamptz not null default clock_timestamp()
    )`)
  await db.pool.query('insert into public.market_migration (name, sha256) values ($1, $2)', [
    '0001_auth',
    sha256 ?? createHash('sha256').update(up).digest('hex'),
  ])
}

const names = ['0001_auth', '0002_shop']

test('an empty database gets every migration, once, however many processes start together', async ({ db }) => {
  const applied = await Promise.all([migrate(db.pool), migrate(db.pool)])

  expect(applied.flat()).toEqual(names)
  expect(await migrate(db.pool)).toEqual([])
})

test('a database of an earlier market is taken over, and its own table stays true', async ({ db }) => {
  await earlierMarket(db)

  expect(await migrate(db.pool)).toEqual(['0002_shop'])

  const { rows } = await db.pool.query<{ name: string }>('select name from public.market_migration order by name')
  expect(rows.map(({ name }) => name)).toEqual(names)
  const status = await openMigrator({ pool: db.pool, actor: 'test', clock: systemClock }).status()
  expect(status.map(({ group, by }) => [group, by])).toEqual([
    ['0001_auth', 'sankofa'],
    ['0002_shop', 'market'],
  ])
})

test('what an earlier market applied with other contents is refused', async ({ db }) => {
  await earlierMarket(db, 'another')

  await expect(migrate(db.pool)).rejects.toThrow(/0001_auth was applied with other contents/)
})
