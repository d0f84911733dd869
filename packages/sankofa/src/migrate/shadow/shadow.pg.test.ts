import { asAdmin, expect, onTestFinished, test } from '#harness'
import { proveMigrations } from '../prove/prove-migrations.ts'
import { withShadow } from './shadow.ts'

const databases = (): Promise<readonly string[]> =>
  asAdmin(async (admin) => {
    const { rows } = await admin.query<{ name: string }>('select pg_database.datname as name from pg_database')
    return rows.map(({ name }) => name)
  })

test('what a killed proof left on a server is dropped by the next, and nothing of one that is at work', async ({
  db,
}) => {
  const left = 'sankofa_shadow_2147483646_0123456789ab'
  const others = 'sankofa_shadow_mine'
  await asAdmin((admin) => admin.query(`create database ${left}`))
  await asAdmin((admin) => admin.query(`create database ${others}`))
  onTestFinished(() => asAdmin((admin) => admin.query(`drop database if exists ${left}`)).then(() => {}))
  onTestFinished(() => asAdmin((admin) => admin.query(`drop database ${others}`)).then(() => {}))

  await withShadow({ url: db.url }, async (first) => {
    const { name } = await first.create()
    await withShadow({ url: db.url }, async () => {
      const there = await databases()
      expect(there).not.toContain(left)
      expect(there).toContain(name)
      expect(there).toContain(others)
    })
  })
})

test('a statement that does not end is stopped, and the proof says so and what to do', async ({ db }) => {
  const step = (sql: string) => ({ kind: 'sql', sql, transaction: 'auto' }) as const
  const set = {
    tool: 'sankofa',
    directory: '/nowhere',
    migrations: [
      { id: '001_t', group: '001_t', up: step('create table t (id int)'), undo: step('drop table t') },
      {
        id: '002_waits',
        group: '002_waits',
        up: step('create table u (id int); select pg_sleep(600)'),
        undo: step('drop table u'),
      },
      { id: '003_v', group: '003_v', up: step('create table v (id int)'), undo: step('drop table v') },
    ],
  } as const
  const options = { shadowUrl: db.url, statementTimeoutMs: 400 }
  const words = /it was stopped because it ran into the time limit for one statement on a shadow.*Look whether/

  const { proofs } = await proveMigrations(set, { ...options, to: '002_waits' })
  const later = proveMigrations(set, { ...options, from: '003_v' })

  expect(proofs.map(({ ok, failure }) => [ok, failure?.reason ?? ''])).toEqual([
    [true, ''],
    [false, expect.stringMatching(words)],
  ])
  await expect(later).rejects.toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringMatching(words) })
})

test('a shadow does not work on for a proof that was killed', async ({ db }) => {
  await withShadow({ url: db.url }, async (shadow) => {
    const client = await (await shadow.create()).connect()
    const { rows } = await client.query(
      `select current_setting('statement_timeout') as statement, current_setting('client_connection_check_interval') as look`,
    )
    await client.end()

    expect(rows).toEqual([{ statement: '5min', look: process.platform === 'linux' ? '10s' : expect.any(String) }])
  })
})
