import { createDatabase, expect, onTestFinished, test } from '#harness'
import { migration, setOf } from '../apply/testing/migrations.ts'
import { sampleRows } from '../rows/sample-rows.ts'
import { withClient } from '../rows/testing/with-client.ts'
import type { MigrationProof } from './proof.ts'
import { type ProveOptions, proveMigrations } from './prove-migrations.ts'
import { summaryOf } from './words.ts'

/** Rows come in by a function alone, which a shadow does not know: a trigger refuses the others. */
const ledger = `
  create table public.entry (id bigint generated always as identity primary key, wallet text not null, amount int not null);
  create table public.visitor (id int primary key, name text);
  create function public.by_function() returns trigger language plpgsql as $$
  begin
    if current_setting('ledger.posts', true) is distinct from 'yes' then raise exception 'not by hand: %', new.wallet; end if;
    return null;
  end $$;
  create trigger by_function after insert on public.entry for each row execute function public.by_function();`

const statement = (text: string) => ({
  text,
  routes: ['POST /withdrawals'],
  releases: ['r1'],
  n: 9,
  lastSeen: new Date(),
})
const statements = [
  statement('insert into public.entry (wallet, amount) values ($1, $2)'),
  statement('select visitor.name from public.visitor as visitor where visitor.id = $1'),
]

async function prove(up: string, undo: string, options: Partial<ProveOptions> = {}): Promise<MigrationProof> {
  const target = await createDatabase()
  onTestFinished(() => target.drop())
  const set = setOf(
    migration('001', ledger, 'drop table public.entry, public.visitor; drop function public.by_function()'),
    migration('002', up, undo),
  )
  const { proofs } = await proveMigrations(set, { last: 1, shadowUrl: target.url, statements, ...options })
  const [proof] = proofs
  if (proof === undefined) throw new Error('nothing was proved')
  return proof
}

test('an INSERT into a table that a shadow cannot fill is known to break by a new NOT NULL column', async () => {
  const proof = await prove(
    'alter table public.entry add column currency text not null',
    'alter table public.entry drop column currency',
  )

  expect(proof.brokenStatements).toMatchObject([
    { routes: ['POST /withdrawals'], reason: expect.stringContaining('no value to public.entry.currency') },
  ])
  expect(summaryOf(proof)).toMatchObject({
    mark: '!',
    text: expect.stringContaining('the running release cannot work on it'),
  })
})

test('what could not be run on a table that the migration touches is counted and named', async () => {
  const proof = await prove(
    'alter table public.entry add constraint fair check (amount <> 13)',
    'alter table public.entry drop constraint fair',
  )

  expect(proof).toMatchObject({ ok: true, brokenStatements: [], workingStatements: 1 })
  expect(proof.untriedStatements).toMatchObject([{ tables: ['public.entry'], routes: ['POST /withdrawals'] }])
  const { mark, text } = summaryOf(proof)
  expect(mark).toBe('!')
  expect(text).toMatch(
    /; 1 statement of the running release on public\.entry could be prepared at most, not run \(.*not by hand.*fair is new/,
  )
})

test('what could not be run elsewhere is kept in the proof and cries no alarm', async () => {
  const proof = await prove(
    'alter table public.visitor add column mail text',
    'alter table public.visitor drop column mail',
  )

  expect(proof.untriedStatements).toHaveLength(1)
  expect(summaryOf(proof).mark).toBe('✓')
})

test('a table that takes rows by its own functions only is proved with rows put in past its triggers', async () => {
  const proof = await prove(
    'alter table public.entry add column note text',
    'alter table public.entry drop column note',
  )

  expect(proof.rows).toMatchObject({ empty: [], pastTriggers: ['public.entry'] })
  expect(summaryOf(proof).text).toContain('those of public.entry put in past their triggers')
})

test('an up that the triggers of such a table refuse is told, and is not held to be wrong for it', async () => {
  const proof = await prove(
    `create trigger insert_only before update on public.entry for each row execute function public.by_function();
     update public.entry set amount = 1`,
    'drop trigger insert_only on public.entry',
  )

  expect(proof).toMatchObject({
    ok: true,
    rows: { failedPastTriggers: expect.stringContaining('up fails: not by hand') },
  })
  expect(summaryOf(proof)).toMatchObject({
    mark: '!',
    text: expect.stringContaining('rows that only their triggers refuse'),
  })
})

test('what a function says of real rows is in no proof', async () => {
  const target = await createDatabase()
  onTestFinished(() => target.drop())
  await target.pool.query(
    `${ledger} set ledger.posts = 'yes'; insert into public.entry (wallet, amount) values ('secret', 1)`,
  )

  const proof = await withClient(target.pool, (client) =>
    prove('alter table public.entry add column note text', 'alter table public.entry drop column note', {
      sample: (shadow) => sampleRows(client, shadow, { rowsPerTable: 5 }),
    }),
  )

  expect(JSON.stringify(proof)).not.toContain('secret')
  expect(proof.untriedStatements).toMatchObject([
    { reason: expect.stringContaining('which may tell of the sampled rows') },
  ])
})
