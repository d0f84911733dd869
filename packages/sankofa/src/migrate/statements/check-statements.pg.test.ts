import pg from 'pg'
import { createDatabase, expect, onTestFinished, test } from '#harness'
import type { RecordedStatement } from '../../observe/index.ts'
import { checkStatements } from './check-statements.ts'
import { compareStatements } from './compare-statements.ts'
import type { StatementComparison } from './finding.ts'

const shop = `
  create type size as enum ('small', 'large');
  create table maker (id bigint generated always as identity primary key, name text not null unique);
  create table item (
    id uuid primary key default gen_random_uuid(),
    maker_id bigint not null references maker (id),
    name varchar(40) not null check (name ~ '^[a-z]+$'),
    price numeric(10, 2) not null check (price > 0),
    size size not null default 'small',
    note text,
    tags text[] not null default '{}',
    stock int
  );
  create table visit (id int primary key, item_id uuid references item (id), seen_at timestamptz not null);
  create function price_of(item uuid) returns numeric language sql stable return (select price from item as i where i.id = item);
  insert into maker (name) values ('ama'), ('kofi');
  insert into item (id, maker_id, name, price, size, note, stock) values
    ('00000000-0000-4000-8000-00000000000a', 1, 'kente', 184.50, 'large', 'woven', 3),
    ('00000000-0000-4000-8000-00000000000b', 2, 'beads', 12, 'small', null, null);
  insert into visit values (1, '00000000-0000-4000-8000-00000000000a', '2026-01-01'), (2, null, '2026-01-02');
`

const recorded = (text: string, parameterTypes?: readonly string[]): RecordedStatement => ({
  text,
  routes: ['GET /items'],
  releases: ['r1'],
  n: 1,
  lastSeen: new Date(),
  ...(parameterTypes === undefined ? {} : { parameterTypes }),
})

const insertItem = 'INSERT INTO item (maker_id, name, price) VALUES ($1, $2, $3)'
const plainKinds = ['number', 'string', 'string']
const statements = {
  insertItem: recorded(insertItem, plainKinds),
  insertAll: recorded('INSERT INTO item (maker_id, name, price, size, note, stock) VALUES ($1, $2, $3, $4, $5, $6)', [
    'number',
    'string',
    'number',
    'string',
    'null | string',
    'number',
  ]),
  insertByPosition: recorded('INSERT INTO visit VALUES ($1, $2, $3)', ['number', 'string', 'date']),
  insertMaker: recorded('INSERT INTO maker (name) VALUES ($1) RETURNING id', ['string']),
  everything: recorded('SELECT * FROM item'),
  byName: recorded('SELECT id, price FROM item WHERE name = $1 ORDER BY 2 LIMIT $2', ['string', 'int4 literal']),
  note: recorded('SELECT note FROM item WHERE id = ANY ($1)', ['array of string']),
  rename: recorded('UPDATE item SET name = $1 WHERE id = $2', ['string', 'string']),
  forget: recorded('DELETE FROM visit WHERE item_id = $1', ['string']),
  priced: recorded('SELECT price_of($1) AS price FROM item', ['string']),
  joined: recorded('SELECT i.name, m.name FROM item AS i JOIN maker AS m ON m.id = i.maker_id WHERE m.name LIKE $1', [
    'string',
  ]),
} as const
type Name = keyof typeof statements

async function withShop<T>(extra: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const db = await createDatabase('template0')
  const client = new pg.Client({ connectionString: db.url })
  await client.connect()
  onTestFinished(async () => {
    await client.end()
    await db.drop()
  })
  await client.query(shop + extra)
  return work(client)
}

async function whatBreaks(
  up: string,
  extra = '',
): Promise<Record<'broken' | 'risky' | 'notTried', Partial<Record<Name, string>>>> {
  const comparison = await withShop(extra, (client) => around(client, up, Object.values(statements)))
  const named = (findings: StatementComparison['broken']): Partial<Record<Name, string>> =>
    Object.fromEntries(
      findings.map((finding) => [
        Object.entries(statements).find(([, statement]) => statement.text === finding.text)?.[0] ?? finding.text,
        `${finding.why}: ${finding.reason}`,
      ]),
    )
  return { broken: named(comparison.broken), risky: named(comparison.risky), notTried: named(comparison.notTried) }
}

async function around(client: pg.Client, up: string, all: readonly RecordedStatement[]): Promise<StatementComparison> {
  const before = await checkStatements(client, all)
  await client.query(up)
  return compareStatements(before, await checkStatements(client, all, { before }))
}

test('a migration that only adds breaks nothing', async () => {
  const found = await whatBreaks(`
    alter table item add column colour text, add column added_at timestamptz not null default now();
    create index on item (name);
    create table colour (id int primary key)`)

  expect(found).toEqual({ broken: {}, risky: {}, notTried: {} })
})

test('a new column without a default is found by running the INSERT, and only it', async () => {
  const found = await whatBreaks(
    `alter table item add column colour text not null default 'red'; alter table item alter colour drop default`,
  )

  const reason = 'fails when run: null value in column "colour" of relation "item" violates not-null constraint'
  expect(found).toEqual({ broken: { insertItem: reason, insertAll: reason }, risky: {}, notTried: {} })
})

test('a dropped column breaks who names it, and not "select *"', async () => {
  const { broken, risky } = await whatBreaks('alter table item drop column note')

  expect(broken).toEqual({
    insertAll: 'cannot be prepared: column "note" of relation "item" does not exist',
    note: 'cannot be prepared: column "note" does not exist',
  })
  expect(risky).toEqual({})
})

test('a renamed column breaks who names it', async () => {
  const { broken } = await whatBreaks('alter table item rename column name to title')

  expect(Object.keys(broken).sort()).toEqual(['byName', 'insertAll', 'insertItem', 'joined', 'rename'])
})

test('a renamed key still lets an INSERT send the values of the row it stands for', async () => {
  const { broken, risky } = await whatBreaks('alter table maker rename column id to maker_id')

  expect(broken).toEqual({
    insertMaker: 'cannot be prepared: column "id" does not exist',
    joined: 'cannot be prepared: column m.id does not exist',
  })
  expect(risky).toEqual({})
})

test('a dropped table breaks all that touch it', async () => {
  const { broken } = await whatBreaks('drop table visit')

  expect(broken).toEqual({
    insertByPosition: 'cannot be prepared: relation "visit" does not exist',
    forget: 'cannot be prepared: relation "visit" does not exist',
  })
})

test('an INSERT by position breaks on a column put in the middle of its values', async () => {
  const { broken } = await whatBreaks(
    'alter table visit drop column item_id; alter table visit add column item_id uuid',
  )

  expect(Object.keys(broken)).toEqual(['insertByPosition'])
})

test('a dropped function breaks who calls it', async () => {
  const { broken } = await whatBreaks('drop function price_of')

  expect(broken).toEqual({ priced: 'cannot be prepared: function price_of(unknown) does not exist' })
})

test('another type that does not take what the release sends breaks it', async () => {
  const { broken } = await whatBreaks(`
    alter table visit drop constraint visit_item_id_fkey;
    alter table visit alter item_id type int using null`)

  expect(broken).toEqual({
    insertByPosition: 'fails when run: invalid input syntax for type integer',
    forget: 'fails when run: invalid input syntax for type integer',
  })
})

test('a narrower type breaks the release when it sends longer texts or larger numbers', async () => {
  const { broken, risky } = await whatBreaks('alter table item alter note type varchar(100), alter stock type smallint')

  expect(broken).toEqual({})
  expect(risky).toEqual({
    insertAll:
      'fails for some values: value too long for type character varying(100), with a text of 1000 characters for public.item.note; a value is out of range for type smallint, with 2000000000 for public.item.stock',
  })
})

test('a check that the rows satisfy may be broken by what the release sends', async () => {
  const { broken, risky } = await whatBreaks('alter table item add constraint in_stock check (stock >= 0)')

  expect(broken).toEqual({})
  expect(risky).toEqual({
    insertAll:
      'fails for some values: new row for relation "item" violates check constraint "in_stock", with -1 for public.item.stock',
  })
})

test('a check that no row of today satisfies breaks it for certain', async () => {
  const { broken } = await whatBreaks(`alter table item add constraint capital check (name ~ '^[A-Z]') not valid`)

  const reason = 'fails when run: new row for relation "item" violates check constraint "capital"'
  expect(broken).toEqual({ insertItem: reason, insertAll: reason, rename: reason })
})

test('an enum without a label, and one whose label has a new name, refuse what was sent before', async () => {
  const without = await whatBreaks(`
    alter type size rename to old_size; create type size as enum ('large');
    alter table item alter size drop default;
    alter table item alter size type size using 'large'::size;
    alter table item alter size set default 'large'`)
  const renamed = await whatBreaks(`alter type size rename value 'small' to 'little'`)

  expect(without.risky.insertAll).toBe(
    'fails for some values: invalid input value for enum size, with the values of some rows',
  )
  expect(renamed.risky.insertAll).toBe(
    'fails for some values: invalid input value for enum size, with the values of some rows',
  )
  expect({ ...without.broken, ...renamed.broken }).toEqual({})
})

test('NULL is tried where the release was seen to send it, and nowhere else', async () => {
  const { broken, risky } = await whatBreaks(
    `update item set note = '', stock = 0; alter table item alter note set not null, alter stock set not null`,
  )

  expect(Object.keys(broken)).toEqual(['insertItem'])
  expect(risky).toEqual({
    insertAll:
      'fails for some values: null value in column "note" of relation "item" violates not-null constraint, with the values of some rows',
  })
})

test('a new unique rule is met by a second row with the same values', async () => {
  const { broken, risky } = await whatBreaks('create unique index on item (maker_id, name)')

  const reason =
    'fails for some values: duplicate key value violates unique constraint "item_maker_id_name_idx", with a second row with the same values'
  expect({ broken, risky }).toEqual({ broken: {}, risky: { insertItem: reason, insertAll: reason } })
})

test('row-level security that hides or refuses rows is a break', async () => {
  const { broken } = await whatBreaks(`alter table item enable row level security`)

  expect(broken.insertItem).toBe('fails when run: new row violates row-level security policy for table "item"')
  expect(broken.byName).toBe('fails when run: row-level security hides the rows that it found before')
  expect(Object.keys(broken).sort()).toEqual(
    ['byName', 'everything', 'insertAll', 'insertItem', 'joined', 'note', 'priced', 'rename'].sort(),
  )
})

test('rows that the migration deletes are not held against what refers to them, a new foreign key is', async () => {
  const gone = await whatBreaks(`delete from visit; delete from item; delete from maker where name = 'kofi'`)
  const added = await whatBreaks(
    'alter table item add constraint known foreign key (name) references known (name) not valid',
    'create table known (name text primary key);',
  )

  expect({ ...gone.broken, ...gone.risky }).toEqual({})
  const reason = 'fails when run: insert or update on table "item" violates foreign key constraint "known"'
  expect(added.broken).toEqual({ insertItem: reason, insertAll: reason })
})

test('a table that a new trigger writes too does not make an INSERT fail', async () => {
  const { broken, risky } = await whatBreaks(`
    create table visit_copy (id int primary key);
    insert into visit_copy select id from visit;
    create function copy_visit() returns trigger language plpgsql security definer as
      $$ begin insert into visit_copy values (new.id); return new; end $$;
    create trigger copy after insert on visit for each row execute function copy_visit()`)

  expect({ broken, risky }).toEqual({ broken: {}, risky: {} })
})

test('a trigger that refuses what the release writes is found', async () => {
  const { broken } = await whatBreaks(`
    create function no() returns trigger language plpgsql as $$ begin raise exception 'items are closed'; end $$;
    create trigger no before insert on item for each row execute function no()`)

  expect(broken).toEqual({
    insertItem: 'fails when run: it raises: items are closed',
    insertAll: 'fails when run: it raises: items are closed',
  })
})

test('what could not be run before is not held against the migration, and says why', async () => {
  const { broken, notTried } = await whatBreaks(
    'drop table maker cascade',
    `create function closed() returns trigger language plpgsql as $$ begin raise exception 'closed'; end $$;
     create trigger closed before insert on maker for each row execute function closed();`,
  )

  expect(notTried).toEqual({})
  // It was seen to work somewhere, so what can no longer be prepared is broken.
  expect(broken.insertMaker).toBe('cannot be prepared: relation "maker" does not exist')
  expect(Object.keys(broken).sort()).toEqual(['insertMaker', 'joined'])
})

test('every way to write finds values that fit: lists, arrays, upserts, merges, joins', async () => {
  const hard = [
    'INSERT INTO maker (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name',
    'INSERT INTO visit (id, item_id, seen_at) SELECT * FROM unnest($1::int[], $2::uuid[], $3::timestamptz[]) AS new (id, item, at)',
    'INSERT INTO visit (id, item_id, seen_at) SELECT new.id, new.item, now() FROM unnest($1::int[], $2::uuid[]) AS new (id, item)',
    'INSERT INTO item (maker_id, name, price) SELECT m.id, $1, $2 FROM maker AS m WHERE m.name = $3',
    'INSERT INTO item (maker_id, name, price) SELECT maker_id, name, price FROM item WHERE id = $1',
    'MERGE INTO visit AS v USING (SELECT $1::int AS id, $2::uuid AS item) AS new ON v.id = new.id WHEN MATCHED THEN UPDATE SET seen_at = $3 WHEN NOT MATCHED THEN INSERT (id, item_id, seen_at) VALUES ($1, $2, $3)',
    'UPDATE item SET (name, price) = ($1, $2), stock = COALESCE(stock, 0) + $3 WHERE (id, maker_id) = ($4, $5) RETURNING *',
    'UPDATE item SET tags = $1 WHERE lower(name) = lower($2) AND price BETWEEN $3 AND $4',
    'WITH gone AS (DELETE FROM visit WHERE seen_at < $1 RETURNING item_id) SELECT count(*) FROM gone JOIN item ON item.id = gone.item_id',
    'SELECT size, sum(price) FROM item WHERE size IN ($1) GROUP BY size HAVING sum(price) >= $2 ORDER BY 1 OFFSET $3',
    'SELECT m.name, (SELECT count(*) FROM item AS i WHERE i.maker_id = m.id AND i.name ILIKE $1) FROM maker AS m FOR UPDATE SKIP LOCKED',
    'SELECT $1 || name, $2::date FROM item WHERE tags && $3 OR note IS NOT DISTINCT FROM $4',
  ].map((text) => recorded(text))

  const { findings, rows } = await withShop('', async (client) => ({
    findings: await checkStatements(client, hard),
    rows: await client.query('select count(*)::int as n from visit'),
  }))

  expect(findings.filter((finding) => !finding.ok).map(({ text, reason }) => [text, reason])).toEqual([])
  expect(findings.map(({ worked }) => Math.max(...worked.map((attempt) => attempt.rows)) > 0)).toEqual(
    findings.map(() => true),
  )
  expect(rows.rows).toEqual([{ n: 2 }])
})

test('nothing stays: no row, no role, no prepared statement, no transaction, though triggers and sequences ran', async () => {
  await withShop(
    'create table log (n int); create rule logged as on insert to item do also insert into log values (1);',
    async (client) => {
      const image = async (): Promise<unknown> => {
        const tables = ['maker', 'item', 'visit', 'log'].map(
          (table) =>
            `select '${table}' as name, (select json_agg(row order by row::text) from ${table} as row) as rows`,
        )
        const { rows } = await client.query(tables.join(' union all '))
        const state = await client.query(`
        select (select count(*)::int from pg_prepared_statements) as prepared,
               (select count(*)::int from pg_roles where rolname like 'sankofa_statements%') as roles,
               (select json_agg(relation.relacl) from pg_class as relation where relation.relname in ('maker', 'item')) as rights,
               current_user, current_setting('search_path') as path, current_setting('session_replication_role') as triggers,
               now() = statement_timestamp() as outside`)
        return { rows, state: state.rows }
      }
      const all = Object.values(statements)
      const before = await image()

      const learned = await checkStatements(client, all)
      await checkStatements(client, all, { before: learned })

      expect(await image()).toEqual(before)
      expect(learned.every((finding) => finding.ok)).toBe(true)
    },
  )
})

test('a role of the server is taken with its own privileges', async () => {
  await withShop('', async (client) => {
    const role = `sankofa_test_${process.pid}_${Date.now()}`
    await client.query(`create role ${role}; grant select on item to ${role}`)
    onTestFinished(async () => {
      await client.query(`drop owned by ${role}; drop role ${role}`)
    })

    const findings = await checkStatements(client, [statements.everything, statements.insertItem], { role })

    expect(findings.map(({ ok, reason }) => [ok, reason])).toEqual([
      [true, undefined],
      [false, 'permission denied for table item'],
    ])
  })
})

test('a statement that hangs is given up, the next is tried, and the budget for all holds', async () => {
  await withShop(
    'create function hang(name text) returns text language plpgsql as $$ begin perform pg_sleep(60); return name; end $$;',
    async (client) => {
      const [hanging, next] = await checkStatements(client, [
        recorded('SELECT hang(name) FROM item'),
        statements.everything,
      ])
      const late = await checkStatements(client, [statements.everything], { budgetMs: -1 })

      expect(hanging?.reason).toBe('canceling statement due to statement timeout')
      expect(next?.ok).toBe(true)
      expect(late[0]).toMatchObject({ ok: false, why: 'not tried', reason: 'the time for all statements was used up' })
    },
  )
}, 60_000)

/** A ledger whose trigger takes no row that a shadow could have: none of its statements can be run. */
const emptyLedger = `
  create table entry (id bigint generated always as identity primary key, wallet int not null, amount int not null);
  create function balanced() returns trigger language plpgsql as $$ begin raise exception 'unbalanced'; end $$;
  create trigger balanced after insert on entry for each row execute function balanced();`
const ledgerStatements = {
  insert: recorded('INSERT INTO entry (wallet, amount) VALUES ($1, $2)', ['number', 'number']),
  bySelect: recorded('INSERT INTO entry (wallet, amount) SELECT wallet, $1 FROM entry WHERE id = $2'),
  inWith: recorded('WITH new AS (INSERT INTO entry (wallet, amount) VALUES ($1, $2) RETURNING id) SELECT id FROM new'),
  byPlace: recorded('INSERT INTO entry OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3)'),
}

async function onEmptyLedger(up: string, more: readonly RecordedStatement[] = []): Promise<StatementComparison> {
  return withShop(emptyLedger, (client) => around(client, up, [...Object.values(ledgerStatements), ...more]))
}

test('an INSERT that cannot be run is broken by a column that must have a value and has no default', async () => {
  const { broken, notTried, working } = await onEmptyLedger('alter table entry add column currency text not null')

  const reason = 'it gives no value to public.entry.currency, which must have one now and has no default'
  expect(broken.map((finding) => [finding.text, finding.reason])).toEqual(
    [ledgerStatements.insert, ledgerStatements.inWith, ledgerStatements.byPlace].map(({ text }) => [text, reason]),
  )
  // It selects from the empty table, so it was run, and wrote nothing.
  expect(notTried).toEqual([])
  expect(working).toBe(1)
})

test('an INSERT that writes NULL, or the default, is broken by a column that may no longer be NULL', async () => {
  const noted = [
    recorded('INSERT INTO entry (wallet, amount, note) VALUES ($1, $2, NULL)'),
    recorded('INSERT INTO entry (wallet, amount, note) VALUES ($1, $2, DEFAULT)'),
    recorded('INSERT INTO entry (wallet, amount, note) VALUES ($1, $2, $3)', ['number', 'number', 'null']),
    recorded('INSERT INTO entry (wallet, amount, note) VALUES ($1, $2, $3)  ', ['number', 'number', 'null | string']),
  ]
  const found = await withShop(`${emptyLedger} alter table entry add column note text;`, (client) =>
    around(client, 'alter table entry alter column note set not null', noted),
  )

  expect(found.broken.map(({ text }) => text)).toEqual(noted.slice(0, 3).map(({ text }) => text))
  expect(found.notTried.map(({ text }) => text)).toEqual([noted[3]?.text])
})

test('a default, an identity, a generated column and a domain with a default fill in what an INSERT leaves out', async () => {
  const { broken, notTried } = await onEmptyLedger(
    `
    create domain currency as text default 'GHS' not null;
    alter table entry add column a text not null default 'a', add column b int not null generated always as (amount + 1) stored,
      add column c bigint not null generated by default as identity, add column d currency, add column e text`.replace(
      'generated by default as identity',
      'default 7',
    ),
  )

  expect(broken).toEqual([])
  expect(notTried).toHaveLength(3)
})

test('a domain that must have a value counts like the column', async () => {
  const { broken } = await onEmptyLedger(
    'create domain currency as text not null; alter table entry add column at currency',
  )

  expect(broken).toHaveLength(3)
})

test('a trigger before the row may fill in what must have a value: it is not known, and says so', async () => {
  const { broken, notTried } = await onEmptyLedger(`
    alter table entry add column currency text not null;
    create function fill() returns trigger language plpgsql as $$ begin new.currency := 'GHS'; return new; end $$;
    create trigger fill before insert on entry for each row execute function fill()`)

  expect(broken).toEqual([])
  expect(notTried.map(({ reason }) => reason)).toEqual(
    Array.from({ length: 3 }, () =>
      expect.stringMatching(
        /^it raises: unbalanced; public\.entry\.currency must have a value now, which only a trigger/,
      ),
    ),
  )
})

test('what cannot be run is prepared on the new schema, and named with its tables where that is all that was done', async () => {
  const dropped = await onEmptyLedger('alter table entry drop column amount')
  const ruled = await onEmptyLedger('alter table entry add constraint positive check (amount > 0)')

  expect(dropped.broken.map(({ why }) => why)).toEqual(Array.from({ length: 4 }, () => 'cannot be prepared'))
  expect(ruled.broken).toEqual([])
  expect(ruled.notTried.map(({ reason, tables }) => [reason, tables])).toEqual(
    Array.from({ length: 3 }, () => [
      'it raises: unbalanced; public.entry positive is new, and its rows were not tried against it',
      ['public.entry'],
    ]),
  )
})

test('a text of more than one statement is never sent, and a comment at its end hides nothing that follows', async () => {
  const { findings, tables } = await withShop('', async (client) => ({
    findings: await checkStatements(client, [
      recorded('SELECT 1; DROP TABLE visit'),
      recorded('SELECT name FROM item; COMMIT; DROP TABLE visit; SELECT 1'),
      recorded('DROP TABLE visit'),
      recorded('SELECT name FROM item -- the end'),
      statements.everything,
    ]),
    tables: await client.query(
      `select to_regclass('visit') is not null as there, now() = statement_timestamp() as outside`,
    ),
  }))

  expect(findings.map(({ ok, reason }) => [ok, reason])).toEqual([
    ...Array.from({ length: 3 }, () => [false, 'its text is not one single statement that can be read and prepared']),
    [true, undefined],
    [true, undefined],
  ])
  expect(tables.rows).toEqual([{ there: true, outside: true }])
})
