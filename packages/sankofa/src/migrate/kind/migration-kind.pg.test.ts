import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { asAdmin, expect, inject, onTestFinished, type TestDatabase, test } from '#harness'
import { changeId } from '../../core/index.ts'
import { createLease, createPool, watcherLease } from '../../db/index.ts'
import { openJournal, type Proof, propose } from '../../journal/index.ts'
import { readMigrations } from '../formats/read-migrations.ts'
import { listStashes } from '../stash/stashes.ts'
import { migrationKind } from './migration-kind.ts'
import type { MigrationPlan } from './migration-plan.ts'
import { migrationsFolder } from './testing/migrations-folder.ts'

/** The server of this run, unless it is an older one: then it is the live one, and proofs are made on the embedded one. */
const shadow = (db: TestDatabase): { readonly shadowUrl?: string } =>
  inject('postgresVersion') < 18 ? {} : { shadowUrl: db.url }

const shop = {
  '0001_shop': {
    up: `create table public.customer (id bigint generated always as identity primary key, name text not null, phone text);
         create table public.purchase (id bigint primary key, customer_id bigint not null references public.customer (id), total int not null check (total > 0));`,
    undo: 'drop table public.purchase; drop table public.customer;',
  },
  '0002_no_phone': {
    up: 'alter table public.customer drop column phone;',
    undo: 'alter table public.customer add column phone text;',
  },
}

/** A live database whose first migration is applied, a leader, and the kind over both. */
async function openShop(db: TestDatabase, more: Parameters<typeof migrationsFolder>[0] = {}) {
  const folder = await migrationsFolder({ ...shop, ...more })
  onTestFinished(folder.remove)
  const journal = openJournal(db.pool)
  const kind = migrationKind({
    pool: db.pool,
    journal,
    load: () => readMigrations(folder.directory),
    ...shadow(db),
  })
  const lease = createLease(db.pool, { name: watcherLease, holder: 'test', ttlMs: 600_000 })
  const epoch = (await lease.acquire()) ?? 0n
  const plan = (group: string): MigrationPlan => ({ group, after: [] })
  const id = (group: string) => changeId(group)
  const shopped = {
    /** From now on this is an older checkout, which does not have it. */
    forget: (group: string) => rm(join(folder.directory, group), { recursive: true }),
    kind,
    plan,
    epoch,
    id,
    async proposed(group: string) {
      const size = { unit: 'migration', n: 1 }
      const about = { actor: 'ama', kind: 'migration', control: 'none', dependsOn: [], title: group, size } as const
      await propose(journal, { ...about, change: id(group), plan: plan(group) })
    },
    up: (group: string, under = epoch) => kind.expose(id(group), plan(group), 1, under),
    back: (group: string) => kind.undo(id(group), plan(group), epoch),
    prove: (group: string): Promise<Proof> => kind.prove(plan(group)),
  }
  for (const group of [...Object.keys(shop), ...Object.keys(more)]) await shopped.proposed(group)
  await shopped.up('0001_shop')
  await db.pool.query(`
    insert into public.customer (name, phone) values ('Ama', '020 1'), ('Kofi', null), ('Esi', '020 3');
    insert into public.purchase (id, customer_id, total) values (1, 1, 500), (2, 3, 700)`)
  return shopped
}

const customers = async (db: TestDatabase) =>
  (await db.pool.query('select customer.name, customer.phone from public.customer as customer order by customer.id'))
    .rows

test('a migration that drops a column is proved, goes out, and comes back with its data', async ({ db }) => {
  const { kind, prove, up, back, id } = await openShop(db)
  const before = await customers(db)

  const proof = await prove('0002_no_phone')
  await up('0002_no_phone')
  const outside = await kind.actual(id('0002_no_phone'))
  await db.pool.query(`insert into public.customer (name) values ('Yaw')`)
  await db.pool.query(`update public.customer set name = 'Ama Mensah' where name = 'Ama'`)
  await back('0002_no_phone')

  expect(proof).toMatchObject({ ok: true, loss: 'stashed' })
  expect(outside).toBe(1)
  expect(await kind.actual(id('0002_no_phone'))).toBe(0)
  expect(before).toEqual([
    { name: 'Ama', phone: '020 1' },
    { name: 'Kofi', phone: null },
    { name: 'Esi', phone: '020 3' },
  ])
  expect(await customers(db)).toEqual([
    { name: 'Ama Mensah', phone: '020 1' },
    { name: 'Kofi', phone: null },
    { name: 'Esi', phone: '020 3' },
    { name: 'Yaw', phone: null },
  ])
})

test('exposing twice and taking back twice is doing it once', async ({ db }) => {
  const { up, back, prove } = await openShop(db)
  await prove('0002_no_phone')

  await up('0002_no_phone')
  await up('0002_no_phone')
  const first = await back('0002_no_phone')
  const second = await back('0002_no_phone')

  expect(first.summary).toContain('is taken back')
  expect(second.summary).toContain('was not applied')
  expect(await customers(db)).toContainEqual({ name: 'Ama', phone: '020 1' })
})

test('what was kept is gone for good once the change is settled', async ({ db }) => {
  const { kind, up, prove, plan, id, epoch } = await openShop(db)
  await prove('0002_no_phone')
  await up('0002_no_phone')
  const kept = await listStashes(db.pool)

  await kind.settle(id('0002_no_phone'), plan('0002_no_phone'), epoch)

  expect(kept.map(({ table, state }) => ({ table, state }))).toEqual([{ table: 'public.customer', state: 'open' }])
  expect((await listStashes(db.pool)).filter(({ state }) => state === 'open')).toEqual([])
})

test('a leader that was replaced applies nothing', async ({ db }) => {
  const { up, kind, id, epoch } = await openShop(db)
  await db.pool.query('update sankofa.lease set epoch = epoch + 1')

  await expect(up('0002_no_phone', epoch)).rejects.toMatchObject({ code: 'STALE_EPOCH' })

  expect(await kind.actual(id('0002_no_phone'))).toBe(0)
  expect(await customers(db)).toContainEqual({ name: 'Ama', phone: '020 1' })
})

test('a proof is stale as soon as the SQL or the live schema is another', async ({ db }) => {
  const { kind, prove, plan } = await openShop(db)
  const proof = await prove('0002_no_phone')
  const then = await kind.currentDigest(plan('0002_no_phone'))

  await db.pool.query('create index customer_name on public.customer (name)')
  const now = await kind.currentDigest(plan('0002_no_phone'))

  expect(then).toEqual({ digest: proof.digest, base: proof.base })
  expect(now.base).not.toBe(proof.base)
})

test('a live schema that the migrations did not make is no ground for a proof', async ({ db }) => {
  const { prove } = await openShop(db)
  await db.pool.query('create index customer_name on public.customer (name)')

  const proof = await prove('0002_no_phone')

  expect(proof.ok).toBe(false)
  expect(proof.reason).toContain('the index public.customer_name is there and they do not make it')
})

test('one that is applied already is proved all the same: the live schema is the one after it', async ({ db }) => {
  const { prove, up } = await openShop(db)
  await up('0002_no_phone')

  expect(await prove('0002_no_phone')).toMatchObject({ ok: true, loss: 'stashed' })
})

test('an unprivileged role is enough, and its name on the live server is no drift', async ({ db }) => {
  const password = randomUUID()
  const role = `app_${password.slice(0, 8)}`
  await db.pool.query(`create role ${role} login password '${password}' nosuperuser nocreatedb nocreaterole`)
  const database = new URL(db.url).pathname.slice(1)
  await db.pool.query(`grant create on database ${database} to ${role}; grant create on schema public to ${role};
    grant usage on schema sankofa to ${role}; grant all on all tables in schema sankofa to ${role}; grant all on all sequences in schema sankofa to ${role}`)
  const url = new URL(db.url)
  url.username = role
  url.password = password
  const pool = createPool({ url: url.href, applicationName: 'app' })
  onTestFinished(async () => {
    await pool.end()
    await asAdmin((admin) => admin.query(`drop role ${role}`))
  })
  const { prove, up, back } = await openShop({ url: db.url, pool })

  const proof = await prove('0002_no_phone')
  await up('0002_no_phone')
  await back('0002_no_phone')

  expect(proof).toMatchObject({ ok: true, loss: 'stashed' })
  expect(await customers({ url: db.url, pool })).toContainEqual({ name: 'Ama', phone: '020 1' })
})

test('an undo that was derived on the newest server runs on the live one', async ({ db }) => {
  const { prove, up, back } = await openShop(db, {
    '0003_client': {
      up: 'alter table public.customer rename to client;',
      undo: 'alter table public.client rename to customer;',
    },
    '0004_free': {
      up: 'alter table public.client alter column name drop not null; alter table public.client alter column name set storage external;',
    },
  })
  await up('0002_no_phone')
  await up('0003_client')

  const proof = await prove('0004_free')
  await up('0004_free')
  await back('0004_free')
  await back('0003_client')

  expect(proof).toMatchObject({ ok: true, loss: 'kept' })
  await expect(db.pool.query('insert into public.customer (name) values (null)')).rejects.toThrow(/not-null constraint/)
})

test.skipIf(inject('postgresVersion') >= 18)(
  'an undo that names a not-null constraint, which has no name on the live server, is not proved',
  async ({ db }) => {
    const { prove } = await openShop(db, {
      '0003_free': {
        up: 'alter table public.purchase alter column total drop not null;',
        undo: `update public.purchase set total = 1 where total is null; alter table public.purchase alter column total set not null;
          alter table public.purchase rename constraint purchase_total_not_null to purchase_total_there;
          alter table public.purchase rename constraint purchase_total_there to purchase_total_not_null;`,
      },
    })

    const proof = await prove('0003_free')

    expect(proof).toMatchObject({
      ok: false,
      reason: expect.stringContaining('has no constraint purchase_total_not_null'),
    })
  },
)

test.skipIf(inject('postgresVersion') >= 18)(
  'an undo that the live server cannot read is not proved, and nothing of it runs there',
  async ({ db }) => {
    const { prove } = await openShop(db, {
      '0003_note': {
        up: 'alter table public.customer add column note text;',
        undo: 'update public.customer set note = null returning with (old as was) was.id; alter table public.customer drop column note;',
      },
    })

    const proof = await prove('0003_note')

    expect(proof).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/Undo fails: PostgreSQL 1[567]\.\d+, where it will run/),
    })
    expect(await customers(db)).toHaveLength(3)
  },
)

test('an undo that fails once rows exist is refused with the reason', async ({ db }) => {
  const { prove } = await openShop(db, {
    '0003_no_check': {
      up: 'alter table public.purchase drop constraint purchase_total_check;',
      undo: 'alter table public.purchase add column note text not null;',
    },
  })

  const proof = await prove('0003_no_check')

  expect(proof.ok).toBe(false)
  expect(proof.reason).toMatch(/undo fails once rows exist/i)
})

test('a migration that the running release cannot work on is neither proved nor applied', async ({ db }) => {
  const { prove, up, kind, id } = await openShop(db)
  await recordStatement(db, 'select customer.phone from public.customer as customer where customer.id = $1', 'GET /me')

  const proof = await prove('0002_no_phone')
  const applying = up('0002_no_phone')

  await expect(applying).rejects.toMatchObject({ code: 'MIGRATION_BREAKS_RELEASE' })
  expect(proof).toMatchObject({ ok: false, reason: expect.stringContaining('GET /me') })
  expect(await kind.actual(id('0002_no_phone'))).toBe(0)
})

test('a column that the INSERTs of the running release leave out is not applied, though they prepare', async ({
  db,
}) => {
  const { up, kind, id } = await openShop(db, {
    '0003_tier': {
      up: `alter table public.customer add column tier text not null default 'new'; alter table public.customer alter column tier drop default;`,
      undo: 'alter table public.customer drop column tier;',
    },
  })
  await up('0002_no_phone')
  await recordStatement(db, 'insert into public.customer (name) values ($1)', 'POST /me')

  await expect(up('0003_tier')).rejects.toMatchObject({
    code: 'MIGRATION_BREAKS_RELEASE',
    message: expect.stringContaining('no value to public.customer.tier'),
  })

  expect(await kind.actual(id('0003_tier'))).toBe(0)
})

test('a recorded text of several statements is not sent to the live database', async ({ db }) => {
  const { up, kind, id } = await openShop(db)
  await recordStatement(
    db,
    'select customer.name from public.customer as customer; commit; delete from public.purchase',
    'GET /me',
  )
  await recordStatement(db, 'truncate public.purchase', 'GET /you')

  await up('0002_no_phone')

  expect(await kind.actual(id('0002_no_phone'))).toBe(1)
  expect((await db.pool.query('select count(*)::int as n from public.purchase')).rows).toEqual([{ n: 2 }])
})

test('an undo that the running release cannot live with is refused, and the schema stays', async ({ db }) => {
  const { up, back, kind, id } = await openShop(db, {
    '0003_email': {
      up: 'alter table public.customer add column email text;',
      undo: 'alter table public.customer drop column email;',
    },
  })
  await up('0002_no_phone')
  await up('0003_email')
  await recordStatement(db, 'update public.customer set email = $1 where id = $2', 'PUT /me')

  await expect(back('0003_email')).rejects.toMatchObject({ code: 'MIGRATION_BREAKS_RELEASE' })

  expect(await kind.actual(id('0003_email'))).toBe(1)
})

test('an older checkout takes a newer migration back with the same care', async ({ db }) => {
  const { up, back, kind, id, forget } = await openShop(db, {
    '0003_email': {
      up: 'alter table public.customer add column email text;',
      undo: 'alter table public.customer drop column email;',
    },
  })
  await up('0002_no_phone')
  await up('0003_email')
  await forget('0003_email')
  await recordStatement(db, 'update public.customer set email = $1 where id = $2', 'PUT /me')

  await expect(back('0003_email')).rejects.toMatchObject({ code: 'MIGRATION_BREAKS_RELEASE' })
  await db.pool.query('delete from sankofa.statement_route; delete from sankofa.statement')
  await back('0003_email')

  expect(await kind.actual(id('0003_email'))).toBe(0)
})

test('routes whose statements use a migrated table are touched, the others are not; before a proof all may be', async ({
  db,
}) => {
  const { kind, prove, plan } = await openShop(db)
  await recordStatement(db, 'select customer.name from public.customer as customer', 'GET /customers')
  await recordStatement(db, 'select purchase.total from public.purchase as purchase', 'GET /purchases')
  const unproved = await kind.touchedRoutes(plan('0002_no_phone'))
  await prove('0002_no_phone')

  expect(unproved).toEqual(['GET /customers', 'GET /purchases'])
  expect(await kind.touchedRoutes(plan('0002_no_phone'))).toEqual(['GET /customers'])
})

/** As a service's recorder leaves it. */
async function recordStatement(db: TestDatabase, text: string, route: string): Promise<void> {
  await db.pool.query(
    `with statement as (
       insert into sankofa.statement (id, text, first_seen, last_seen) values (md5($1), $1, now(), now()) returning id
     )
     insert into sankofa.statement_route (statement_id, route, release, n, succeeded, first_seen, last_seen)
     select statement.id, $2, 'r1', 9, true, now(), now() from statement`,
    [text, route],
  )
}

test('a large column goes at once and comes back in its place; a small one is copied', async ({ db }) => {
  const { prove, up, back, kind, id, plan, epoch } = await openShop(db)
  const columns = async () =>
    (
      await db.pool.query<{ name: string }>(
        `select attname as name from pg_attribute where attrelid = 'public.customer'::regclass and attnum > 0 and not attisdropped order by attnum`,
      )
    ).rows.map(({ name }) => name)
  await db.pool.query(
    `insert into public.customer (name, phone) select 'n' || n, 'p' || n from generate_series(1, 60000) as n; analyze public.customer`,
  )

  const proof = await prove('0002_no_phone')
  await up('0002_no_phone')
  const hidden = await columns()
  await back('0002_no_phone')
  const returned = await columns()
  await up('0002_no_phone')
  await kind.settle(id('0002_no_phone'), plan('0002_no_phone'), epoch)

  expect(proof).toMatchObject({ ok: true, loss: 'stashed' })
  expect(hidden).toEqual(['id', 'name', expect.stringContaining('sankofa_hidden_')])
  expect(returned).toEqual(['id', 'name', 'phone'])
  expect(await columns()).toEqual(['id', 'name'])
}, 60_000)
