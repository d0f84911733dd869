import { describe, expect, test } from '#harness'
import { rowsOfTable, tripOf } from './testing/trip.ts'

/** Each is one way to destroy data: the rows after up and undo must be the rows of before. */
const cases: readonly {
  readonly name: string
  readonly schema: string
  readonly tables: readonly string[]
  readonly up: string
  readonly undo: string
  /** Nothing has to be kept: the undo brings it back by itself. */
  readonly needless?: true
  readonly observed?: readonly string[]
}[] = [
  {
    name: 'text that becomes a number and text again',
    schema: `create table t (id int primary key, code text); insert into t values (1, '007'), (2, '7'), (3, null), (4, ' 12 ')`,
    tables: ['t'],
    up: 'alter table t alter column code type int using code::int',
    undo: 'alter table t alter column code type text using code::text',
  },
  {
    name: 'a time that becomes a date',
    schema: `create table t (id int primary key, at timestamptz not null);
             insert into t values (1, '2024-02-29 23:59:59.123456+00'), (2, 'infinity'), (3, '0044-03-15 12:00:00+00 BC')`,
    tables: ['t'],
    up: 'alter table t alter column at type date using at::date',
    undo: 'alter table t alter column at type timestamptz using at::timestamptz',
  },
  {
    name: 'two columns merged into one',
    schema: `create table t (id int primary key, first text, last text);
             insert into t values (1, 'Ama Serwaa', 'Mensah'), (2, 'Kofi', 'Annan'), (3, null, 'Solo')`,
    tables: ['t'],
    up: `alter table t add column full_name text; update t set full_name = concat_ws(' ', first, last);
         alter table t drop column first, drop column last`,
    undo: `alter table t add column first text, add column last text;
           update t set first = split_part(full_name, ' ', 1), last = substr(full_name, strpos(full_name, ' ') + 1);
           alter table t drop column full_name`,
  },
  {
    name: 'an enum made anew with fewer labels',
    schema: `create type mood as enum ('sad', 'fine', 'happy'); create table t (id int primary key, mood mood not null default 'fine', past mood[]);
             insert into t values (1, 'sad', '{happy,sad}'), (2, 'fine', null), (3, 'happy', '{}')`,
    tables: ['t'],
    up: `alter table t alter column mood drop default; alter type mood rename to mood_old; create type mood as enum ('sad', 'happy');
         alter table t alter column mood type mood using (case mood::text when 'fine' then 'happy' else mood::text end)::mood;
         alter table t drop column past; drop type mood_old`,
    undo: `alter type mood rename to mood_new; create type mood as enum ('sad', 'fine', 'happy');
           alter table t alter column mood type mood using mood::text::mood; alter table t alter column mood set default 'fine';
           alter table t add column past mood[]; drop type mood_new`,
  },
  {
    name: 'rows known by a key of two columns',
    schema: `create table t (a int, b text, note text, primary key (a, b));
             insert into t values (1, 'x', 'one'), (1, 'y', 'two'), (2, 'x', null)`,
    tables: ['t'],
    up: `update t set note = upper(note); delete from t where a = 2`,
    undo: '',
  },
  {
    name: 'a column of a table without a key, with equal rows',
    schema: `create table t (a int, note text); insert into t values (1, 'p'), (1, 'q'), (1, null), (null, 'r'), (2, 'p')`,
    tables: ['t'],
    up: 'alter table t drop column note',
    undo: 'alter table t add column note text',
  },
  {
    name: 'rows of a table without a key that are all rewritten',
    schema: `create table t (note text); insert into t values ('A'), ('a'), ('B'), (null)`,
    tables: ['t'],
    up: 'update t set note = lower(note)',
    undo: '',
  },
  {
    name: 'a table that is renamed and then dropped',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'x'), (2, null)`,
    tables: ['t'],
    up: 'alter table t rename to old_t; drop table old_t',
    undo: 'create table t (id int primary key, note text)',
  },
  {
    name: 'a column that is renamed and then dropped, in a table that is renamed',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'x'), (2, null)`,
    tables: ['t'],
    up: 'alter table t rename note to remark; alter table t rename to u; alter table u drop column remark',
    undo: 'alter table u rename to t; alter table t add column note text',
  },
  {
    name: 'only renames',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'x')`,
    tables: ['t'],
    up: 'alter table t rename note to remark; alter table t rename to u',
    undo: 'alter table u rename to t; alter table t rename remark to note',
    needless: true,
  },
  {
    name: 'a DO block that says what it does',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'X'), (2, 'Y')`,
    tables: ['t'],
    up: `do $$ declare one record; begin for one in select * from t loop
           update t set note = lower(note) where id = one.id; end loop; if found then delete from t where id = 2; end if; end $$`,
    undo: '',
  },
  {
    name: 'a DO block that puts SQL together, seen by a shadow run',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'X')`,
    tables: ['t'],
    up: `do $$ begin execute format('update %I set note = lower(note)', 't'); end $$`,
    undo: '',
    observed: ['public.t'],
  },
  {
    name: 'a trigger that writes another table',
    schema: `create table t (id int primary key, note text); create table total (id int primary key, n int);
             create function count_up() returns trigger language plpgsql as $$ begin update total set n = n + 1; return null; end $$;
             insert into t values (1, 'x'), (2, 'y'); insert into total values (1, 40);
             create trigger t_counts after update on t for each row execute function count_up()`,
    tables: ['t', 'total'],
    up: `update t set note = 'z'`,
    undo: '',
  },
  {
    name: 'a trigger that changes the row itself',
    schema: `create table t (id int primary key, note text, touched int default 0);
             create function touch() returns trigger language plpgsql as $$ begin new.touched := new.touched + 1; return new; end $$;
             insert into t values (1, 'x', 5), (2, 'y', 6);
             create trigger t_touch before update on t for each row execute function touch()`,
    tables: ['t'],
    up: `update t set note = 'z'`,
    undo: '',
  },
  {
    name: 'a function of the database',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'X');
             create function clean() returns void language sql as $$ update t set note = lower(note) $$`,
    tables: ['t'],
    up: 'select clean()',
    undo: '',
  },
  {
    name: 'a partition that is dropped, and rows of a partitioned table',
    schema: `create table t (id int, at date, note text, primary key (id, at)) partition by range (at);
             create table t_2023 partition of t for values from ('2023-01-01') to ('2024-01-01');
             create table t_2024 partition of t for values from ('2024-01-01') to ('2025-01-01');
             insert into t values (1, '2023-05-05', 'a'), (2, '2024-05-05', 'B'), (3, '2024-06-06', 'C')`,
    tables: ['t', 't_2023', 't_2024'],
    up: `drop table t_2023; update t set note = lower(note); delete from t where id = 3`,
    undo: `create table t_2023 partition of t for values from ('2023-01-01') to ('2024-01-01')`,
  },
  {
    name: 'a table that inherits',
    schema: `create table base (id int primary key, note text); create table child () inherits (base);
             insert into base values (1, 'X'); insert into child values (2, 'Y')`,
    tables: ['only base', 'child'],
    up: 'update base set note = lower(note); alter table base drop column note; delete from child',
    undo: 'alter table base add column note text',
  },
  {
    name: 'generated columns, and an identity that is always generated',
    schema: `create table t (id int generated always as identity primary key, price int, gross int generated always as (price * 2) stored);
             insert into t (price) values (10), (20), (30)`,
    tables: ['t'],
    up: 'delete from t where id = 2; alter table t drop column price cascade',
    undo: 'alter table t add column price int; alter table t add column gross int generated always as (price * 2) stored',
  },
  {
    name: 'an identity that is dropped and made again',
    schema: `create table t (note text, id int generated always as identity); insert into t (note) values ('a'), ('b'), ('c'); delete from t where note = 'a'`,
    tables: ['t'],
    up: 'alter table t drop column id',
    undo: 'alter table t add column id int generated always as identity',
  },
  {
    name: 'a column whose default is the time of the undo',
    schema: `create table t (id int primary key, at timestamptz not null default now(), day date default current_date, token uuid default gen_random_uuid());
             insert into t values (1, '2020-01-01', '2020-01-01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (2, '2021-01-01', null, null)`,
    tables: ['t'],
    up: 'alter table t drop column at, drop column day, drop column token',
    undo: `alter table t add column at timestamptz not null default now(), add column day date default current_date,
           add column token uuid default gen_random_uuid()`,
  },
  {
    name: 'a column that is not null, which the undo alone could not add',
    schema: `create table t (id int primary key, ref int not null, name text not null constraint name_once unique);
             insert into t values (1, 10, 'x'), (2, 20, 'y')`,
    tables: ['t'],
    up: 'alter table t drop column ref, drop column name',
    undo: 'alter table t add column ref int not null, add column name text not null constraint name_once unique',
  },
  {
    name: 'a key that the undo makes of a column that it has just added',
    schema: `create table u (id int primary key); insert into u values (7), (8);
             create table t (note text, u_id int not null references u, primary key (u_id)); insert into t values ('x', 8), ('y', 7)`,
    tables: ['t', 'u'],
    up: 'alter table t drop column u_id',
    undo: `alter table t add column u_id int references u; alter table t alter column u_id set not null;
           alter table t add primary key (u_id)`,
  },
  {
    name: 'a column moved to another table and back',
    schema: `create table person (id int primary key, phone text); insert into person values (1, '024'), (2, null), (3, '')`,
    tables: ['person'],
    up: `create table contact (person_id int primary key, phone text not null);
         insert into contact select id, phone from person where phone <> ''; alter table person drop column phone`,
    undo: `alter table person add column phone text; update person set phone = contact.phone from contact where contact.person_id = person.id;
           drop table contact`,
  },
  {
    name: 'an undo that empties a table which up had left alone',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'x')`,
    tables: ['t'],
    up: `insert into t values (2, 'new')`,
    undo: 'delete from t',
  },
  {
    name: 'a table copied into a new one of the same name',
    schema: `create table t (id int primary key, note text, junk text); insert into t values (1, 'x', 'j'), (2, 'y', null)`,
    tables: ['t'],
    up: `create table t_new (id int primary key, note text); insert into t_new select id, note from t; drop table t; alter table t_new rename to t`,
    undo: 'alter table t add column junk text',
  },
  {
    name: 'values whose text is delicate',
    schema: `create type pair as (a int, b text);
             create table t (id int primary key, f float8, n numeric, b bytea, j json, jb jsonb, i interval, p pair, ps pair[], c char(5), x xml, r tstzrange, m money, bits bit varying, ip inet, pt point);
             insert into t values
              (1, 0.1::float8 + 0.2::float8, 1.500, '\\x00ff', '{"b":1,  "a":2}', '{"b": 1}', '1 year -2 days 03:04:05.000006', '(1,"x,""y")', array[row(1, null)::pair, null], 'ab', '<a>1</a>', '[2020-01-01,)', 12.34, '0101', '10.0.0.1/8', '(1.5,2)'),
              (2, 'NaN', 'NaN', '', 'null', 'null', '-1 mons', null, '{}', '', null, 'empty', -1, '', null, null),
              (3, '-0', 0.000, null, null, null, null, '(,)', null, null, null, null, null, null, null, null)`,
    tables: ['t'],
    up: 'delete from t where id = 1; drop table t; drop type pair',
    undo: `create type pair as (a int, b text);
           create table t (id int primary key, f float8, n numeric, b bytea, j json, jb jsonb, i interval, p pair, ps pair[], c char(5), x xml, r tstzrange, m money, bits bit varying, ip inet, pt point)`,
  },
  {
    name: 'merge, and an insert that updates',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'x'), (2, 'y'), (3, 'z')`,
    tables: ['t'],
    up: `merge into t using (values (1), (2)) as source (id) on t.id = source.id
           when matched and t.id = 1 then delete when matched then update set note = 'merged';
         insert into t values (3, 'new') on conflict (id) do update set note = excluded.note`,
    undo: '',
  },
  {
    name: 'a write inside WITH, through a view',
    schema: `create table t (id int primary key, note text); create view v as select id as number, note as remark from t;
             insert into t values (1, 'X'), (2, 'Y')`,
    tables: ['t'],
    up: `with gone as (delete from v where number = 1 returning *) select * from gone; update v set remark = lower(remark)`,
    undo: '',
  },
  {
    name: 'a schema that goes with all that is in it',
    schema: `create schema app; create table app.t (id int primary key, note text); insert into app.t values (1, 'X')`,
    tables: ['app.t'],
    up: 'drop schema app cascade',
    undo: 'create schema app; create table app.t (id int primary key, note text)',
  },
  {
    name: 'a type that goes with the columns that have it',
    schema: `create domain email as text; create table t (id int primary key, address email, more email[]);
             insert into t values (1, 'a@x', '{b@x}'), (2, null, null)`,
    tables: ['t'],
    up: 'drop domain email cascade',
    undo: 'create domain email as text; alter table t add column address email, add column more email[]',
  },
  {
    name: 'tables that refer to one another',
    schema: `create table team (id int primary key, leader int); create table member (id int primary key, team_id int not null references team);
             insert into team values (1, null), (2, null); insert into member values (1, 1), (2, 2); update team set leader = id;
             alter table team add constraint team_leader foreign key (leader) references member`,
    tables: ['team', 'member'],
    up: 'drop table team, member cascade',
    undo: `create table team (id int primary key, leader int); create table member (id int primary key, team_id int not null references team);
           alter table team add constraint team_leader foreign key (leader) references member`,
  },
  {
    name: 'a row that the undo makes anew under another number',
    schema: `create table person (id serial primary key, name text not null unique, joined timestamptz not null);
             create table post (id int primary key, person_id int not null references person on delete cascade);
             insert into person (name, joined) values ('admin', '2020-01-01'), ('Ama', '2021-01-01'); insert into post values (1, 1), (2, 2)`,
    tables: ['person', 'post'],
    up: `delete from person where name = 'admin'`,
    undo: `insert into person (name, joined) values ('admin', now())`,
  },
  {
    name: 'a new column that is filled, in a table that others refer to',
    schema: `create table site (id serial primary key, open boolean not null default true, ask boolean not null default true);
             create table tag (id int primary key, site_id int not null references site on update cascade on delete cascade);
             insert into site (open, ask) values (true, true), (false, true), (false, false); insert into tag values (1, 1), (2, 2), (3, 3)`,
    tables: ['site', 'tag'],
    up: `alter table site add column mode text; update site set mode = case when not open then 'closed' when ask then 'ask' else 'open' end;
         alter table site drop column open; alter table site drop column ask`,
    undo: `alter table site add column open boolean not null default true, add column ask boolean not null default true;
           update site set open = mode <> 'closed', ask = mode <> 'open'; alter table site drop column mode`,
  },
  {
    name: 'numbers that the undo hands out anew, in place and in a table made anew',
    schema: `create table t (ref int not null unique, n int, id serial primary key); insert into t (id, ref, n) values (5, 1, 10), (7, 2, 20);
             create table u (id serial primary key, name text not null unique, n int); insert into u (id, name, n) values (8, 'a', 1), (3, 'b', 2)`,
    tables: ['t', 'u'],
    up: `delete from t where n < 0; alter table t drop column id; alter table t add primary key (ref);
         create table v as select name, n from u; drop table u`,
    undo: `alter table t drop constraint t_pkey; alter table t add column id serial primary key;
           create table u (id serial primary key, name text not null unique, n int); insert into u (name, n) select name, n from v; drop table v`,
  },
  {
    name: 'a table that the undo fills with more than there was',
    schema: `create table hit (item int, day date, n int, primary key (item, day)); create table sum_hit (item int, n int, primary key (item));
             insert into hit values (1, '2024-01-01', 5), (1, '2024-01-02', 6), (2, '2024-01-01', 7); insert into sum_hit values (1, 99)`,
    tables: ['hit', 'sum_hit'],
    up: 'drop table sum_hit',
    undo: `create table sum_hit (item int, n int, primary key (item)); insert into sum_hit select item, sum(n) from hit group by item`,
  },
  {
    name: 'an update of only a new column, in a table whose trigger notes the time',
    schema: `create table t (id int primary key, note text, changed_at timestamptz default '2020-01-01');
             create function note_time() returns trigger language plpgsql as $$ begin new.changed_at = now(); return new; end $$;
             insert into t values (1, 'x'), (2, 'y'); create trigger t_time before update on t for each row execute function note_time()`,
    tables: ['t'],
    up: 'alter table t add column size int; update t set size = length(note)',
    undo: 'alter table t drop column size',
  },
  {
    name: 'an update of only a new column',
    schema: `create table t (id int primary key, note text); insert into t values (1, 'x'), (2, 'y')`,
    tables: ['t'],
    up: 'alter table t add column size int; update t set size = length(note)',
    undo: 'alter table t drop column size',
    needless: true,
  },
  {
    name: 'unique values that move up',
    schema: `create table t (id int primary key, place int not null unique); insert into t values (1, 1), (2, 2), (3, 3)`,
    tables: ['t'],
    up: 'alter table t drop constraint t_place_key; update t set place = place - 1; alter table t add unique (place)',
    undo: '',
  },
  {
    name: 'names that need quoting',
    schema: `create table "Order Line" ("Id" int primary key, "the ""note""" text); insert into "Order Line" values (1, 'X')`,
    tables: ['"Order Line"'],
    up: 'alter table "Order Line" drop column "the ""note"""',
    undo: 'alter table "Order Line" add column "the ""note""" text',
  },
]

describe.concurrent('up and undo bring every row back', () => {
  test.for(cases)('$name', async ({ schema, tables, up, undo, needless, observed }, { db }) => {
    await db.pool.query(schema)
    const look = async (): Promise<unknown> => Promise.all(tables.map((table) => rowsOfTable(db.pool, table)))
    const before = await look()
    const trip = tripOf(db.pool, up, undo, observed === undefined ? {} : { observed })

    const first = await trip.up()
    const { restored } = await trip.undo()
    const after = await look()
    const again = await trip.up()
    await trip.undo()
    const afterAgain = await look()

    expect(after).toEqual(before)
    expect(restored.filter(({ left }) => left > 0)).toEqual([])
    expect(first.kept.length > 0).toBe(needless !== true)
    expect(again.kept.map(({ table, rows }) => [table, rows])).toEqual(
      first.kept.map(({ table, rows }) => [table, rows]),
    )
    expect(afterAgain).toEqual(before)
  })
})
