import { expect, test } from '#harness'
import { rowsOfTable, tripOf } from './testing/trip.ts'

const triggers = {
  'the time of the transaction': 'new.updated_at := now();',
  'the time of the day': 'new.updated_at := clock_timestamp();',
  'the time in whole seconds': `new.updated_at := date_trunc('second', now());`,
  'the time in milliseconds': 'new.updated_at := now()::timestamptz(3);',
  'a number that goes up and a mark by chance': 'new.n := old.n + 1; new.mark := gen_random_uuid()::text;',
  'the time by a function of its own': 'new.updated_at := touch_time();',
} as const
const steps = {
  'rewrites a column': [`update person set name = lower(name)`, `update person set name = initcap(name) || '!'`],
  'fills a new column': [
    'alter table person add column short text; update person set short = left(name, 1)',
    'alter table person drop column short',
  ],
  'drops a column': [
    'alter table person drop column phone',
    `alter table person add column phone text; update person set phone = 'unknown'`,
  ],
  'moves a column to another type': [
    'alter table person add column phone2 int; update person set phone2 = phone::int; alter table person drop column phone; alter table person rename phone2 to phone',
    'alter table person alter column phone type text; update person set phone = phone',
  ],
} as const

for (const [sets, body] of Object.entries(triggers)) {
  for (const [does, [up, undo]] of Object.entries(steps)) {
    test(`where a trigger sets ${sets}, a step that ${does} is taken back with the values of before`, async ({
      db,
    }) => {
      await db.pool.query(`
        create table person (id int primary key, name text, phone text, n int default 7, mark text default 'first',
                             updated_at timestamptz not null default '2026-01-02 03:04:05.678901+00');
        insert into person values (1, 'Ama', '024'), (2, 'Kofi', '020'), (3, 'Esi', null), (4, 'Yaw', '055');
        create function touch_time() returns timestamptz language sql as $$ select clock_timestamp() $$;
        create function touch() returns trigger language plpgsql as $$ begin ${body} return new; end $$;
        create trigger person_touch before update on person for each row execute function touch()`)
      const columns = '(select id, name, phone, n, mark, updated_at from person)'
      const before = await rowsOfTable(db.pool, columns)
      const trip = tripOf(db.pool, up, undo)

      await trip.up()
      await db.pool.query(`update person set name = 'Yaa' where id = 4`)
      await trip.undo()

      const after = await rowsOfTable(db.pool, columns)
      expect(after.slice(0, 3)).toEqual(before.slice(0, 3))
      // Somebody wrote it, and whatever the trigger made of that is of now.
      expect(after[3]).toContain(undo.includes('initcap') ? 'Yaa!' : 'Yaa')
      expect(after[3]).not.toContain(sets.includes('mark') ? 'first' : '2026-01-02')
    })
  }
}
