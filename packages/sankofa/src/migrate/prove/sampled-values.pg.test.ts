import { createDatabase, expect, onTestFinished, test } from '#harness'
import { code, migration, setOf } from '../apply/testing/migrations.ts'
import type { Migration } from '../migration.ts'
import { sampleRows } from '../rows/sample-rows.ts'
import { withClient } from '../rows/testing/with-client.ts'
import { proveMigrations } from './prove-migrations.ts'

const person = 'create table public.person (id int primary key, mail text, note text)'

const tells: Readonly<Record<string, { readonly up: string | Migration['up']; readonly reason: string | undefined }>> =
  {
    'a key that is there twice': {
      up: 'create unique index person_mail on public.person (mail)',
      reason: 'could not create unique index "person_mail"',
    },
    'a value that is none of the type': {
      up: 'alter table public.person alter mail type int using mail::int',
      reason: 'invalid input syntax for type integer',
    },
    'what a block raises': {
      up: `do $$ begin raise exception 'bad: %', (select person.mail from public.person limit 1); end $$`,
      reason: 'it raised an error (P0001), which may tell of the sampled rows',
    },
    'what a module throws': {
      up: code(async (client) => {
        const { rows } = await client.query('select person.mail from public.person')
        throw new Error(`bad: ${rows[0]?.mail}`)
      }),
      reason: 'it raised an error, which may tell of the sampled rows',
    },
    'what a module puts into a text': {
      up: code(async (client) => {
        const { rows } = await client.query('select person.mail from public.person')
        await client.query(`update public.person set id = 1 where mail = '${rows[0]?.mail}'`)
      }),
      reason: 'duplicate key value violates unique constraint "person_pkey"',
    },
    'what a module writes': {
      up: code(async (client) => {
        const { rows } = await client.query('select person.mail from public.person limit 1')
        await client.query('update public.person set note = $1', [rows[0]?.mail])
      }),
      reason: undefined,
    },
  }

test.each(Object.entries(tells))('no value of a sampled row is in a proof: %s', async (_, { up, reason }) => {
  const target = await createDatabase()
  onTestFinished(() => target.drop())
  await target.pool.query(
    `${person}; insert into public.person select n, 'secret@example.com', null from generate_series(1, 5) as n`,
  )
  const set = setOf(migration('001', person, 'drop table public.person'), migration('002', up, ''))

  const report = await withClient(target.pool, (client) =>
    proveMigrations(set, {
      last: 1,
      shadowUrl: target.url,
      sample: (shadow) => sampleRows(client, shadow, { rowsPerTable: 5 }),
    }),
  )

  expect(JSON.stringify(report)).not.toContain('secret')
  expect(report.proofs[0]?.failure?.reason).toBe(reason)
})
