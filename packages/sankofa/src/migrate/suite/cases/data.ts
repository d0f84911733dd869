import { type Case, failsWithNewRows, failsWithRows, kept, reordered, stashed } from '../case.ts'

const person = `create table person (id bigint primary key, email text, name text, city text);
insert into person values (900001, 'Ama@Shop.example', 'Ama Mensah', 'Accra'), (900002, 'KOFI@shop.example', 'Kofi', null), (900003, null, '', 'Accra')`
const line = `create table line (id bigint primary key, item text not null, pieces integer not null, price numeric(10, 3));
insert into line values (900001, 'rice', 2, 10.005), (900002, 'rice', 2, 10.005), (900003, 'oil', 0, 7)`

/** Rows are written, moved and deleted. */
export const data: readonly Case[] = [
  {
    name: 'texts that became lower case are what they were',
    base: person,
    up: 'update person set email = lower(email)',
    undo: '',
    expect: stashed,
  },
  {
    name: 'texts that became lower case are made upper case',
    base: person,
    up: 'update person set email = lower(email)',
    undo: 'update person set email = upper(email)',
    expect: stashed,
  },
  {
    name: 'deleted rows come back',
    base: person,
    up: "delete from person where city = 'Accra'",
    undo: '',
    expect: stashed,
  },
  { name: 'a truncated table is full again', base: person, up: 'truncate person', undo: '', expect: stashed },
  {
    name: 'rows that were deleted with their parents come back',
    base: `create table shop (id bigint primary key, name text);
create table till (id bigint primary key, shop_id bigint not null references shop (id) on delete cascade);
insert into shop values (900001, 'a'), (900002, 'b'); insert into till values (900001, 900001), (900002, 900002)`,
    up: "delete from shop where name = 'a'",
    undo: '',
    expect: stashed,
  },
  {
    name: 'new rows of a list go again',
    base: 'create table currency (code text primary key, name text not null)',
    up: "insert into currency values ('GHS', 'cedi'), ('NGN', 'naira') on conflict do nothing",
    undo: "delete from currency where code in ('GHS', 'NGN')",
    expect: stashed,
    because: 'the undo deletes by value, and such a row may have been there before',
  },
  {
    name: 'new rows of a list go, and old ones with them',
    base: "create table currency (code text primary key, name text not null); insert into currency values ('EUR', 'euro')",
    up: "insert into currency values ('GHS', 'cedi') on conflict do nothing",
    undo: 'delete from currency',
    expect: stashed,
    because: 'the undo is tried out before up is committed, so the rows that it takes along are kept',
  },
  {
    name: 'new rows of a list stay',
    base: 'create table currency (code text primary key, name text not null)',
    up: "insert into currency values ('GHS', 'cedi') on conflict do nothing",
    undo: '',
    expect: kept,
    because: 'every row of before is there; that one more stays is said, and is no loss',
  },
  {
    name: 'a new column that is filled from another one goes again',
    base: person,
    up: "alter table person add column domain text; update person set domain = split_part(email, '@', 2); alter table person alter column domain set default ''",
    undo: 'alter table person drop column domain',
    expect: kept,
  },
  {
    name: 'a name that was split is joined again',
    base: person,
    up: `alter table person add column first_name text, add column last_name text;
update person set first_name = split_part(name, ' ', 1), last_name = split_part(name, ' ', 2);
alter table person drop column name`,
    undo: `alter table person add column name text;
update person set name = first_name || ' ' || last_name;
alter table person drop column first_name, drop column last_name`,
    expect: { ...reordered, derived: 'column-order' },
  },
  {
    name: 'two columns that were joined are two again',
    base: "create table guest (id bigint primary key, first_name text, last_name text); insert into guest values (900001, 'Ama Serwaa', 'Mensah'), (900002, null, 'Boateng')",
    up: `alter table guest add column name text;
update guest set name = concat_ws(' ', first_name, last_name);
alter table guest drop column first_name, drop column last_name`,
    undo: `alter table guest add column first_name text, add column last_name text;
update guest set first_name = split_part(name, ' ', 1), last_name = split_part(name, ' ', 2);
alter table guest drop column name`,
    expect: stashed,
  },
  {
    name: 'cities become a table of their own and are texts again',
    base: person,
    up: `create table city (id bigint generated always as identity primary key, name text not null unique);
insert into city (name) select distinct person.city from person where person.city is not null order by person.city;
alter table person add column city_id bigint references city (id);
update person set city_id = city.id from city where city.name = person.city;
alter table person drop column city`,
    undo: `alter table person add column city text;
update person set city = city.name from city where city.id = person.city_id;
alter table person drop column city_id;
drop table city`,
    expect: stashed,
  },
  {
    name: 'cities become a table of their own and are forgotten',
    base: person,
    up: `create table city (id bigint generated always as identity primary key, name text not null unique);
insert into city (name) select distinct person.city from person where person.city is not null order by person.city;
alter table person add column city_id bigint references city (id);
update person set city_id = city.id from city where city.name = person.city;
alter table person drop column city`,
    undo: 'alter table person add column city text; alter table person drop column city_id; drop table city',
    expect: stashed,
  },
  {
    name: 'amounts that were counted in cents are amounts again',
    base: line,
    up: 'alter table line add column cents bigint; update line set cents = round(price * 100); alter table line drop column price',
    undo: 'alter table line add column price numeric(10, 3); update line set price = cents / 100.0; alter table line drop column cents',
    expect: stashed,
  },
  {
    name: 'lines that were there twice are there twice again',
    base: line,
    up: `delete from line using line as earlier where earlier.item = line.item and earlier.id < line.id;
alter table line add constraint line_item_once unique (item)`,
    undo: 'alter table line drop constraint line_item_once',
    expect: stashed,
  },
  {
    name: 'numbers that were all raised are all lowered',
    base: line,
    up: 'update line set pieces = pieces + 1 where pieces < 1000',
    undo: 'update line set pieces = pieces - 1 where pieces < 1001',
    expect: stashed,
    because: 'one number that was 1000 before is lowered too; the stash knows it',
  },
  {
    name: 'old rows move to an archive and back',
    base: `${line}; create table line_archive (id bigint primary key, item text not null, pieces integer not null, price numeric(10, 3))`,
    up: 'with moved as (delete from line where line.pieces = 0 returning line.*) insert into line_archive select moved.* from moved on conflict do nothing',
    undo: 'with moved as (delete from line_archive where line_archive.pieces = 0 returning line_archive.*) insert into line select moved.* from moved on conflict do nothing',
    expect: stashed,
  },
  {
    name: 'what a merge wrote is as it was',
    base: `${line}; create table stock (item text primary key, held integer not null); insert into stock values ('rice', 5), ('salt', 1)`,
    up: `merge into stock using (select distinct line.item from line where line.item in ('rice', 'oil')) as wanted on wanted.item = stock.item
when matched then update set held = 0 when not matched then insert values (wanted.item, 0)`,
    undo: "delete from stock where item = 'oil'",
    expect: stashed,
  },
  {
    name: 'what was overwritten on a conflict is as it was',
    base: "create table setting (name text primary key, value text); insert into setting values ('fee', '1'), ('limit', '5')",
    up: "insert into setting values ('fee', '2') on conflict (name) do update set value = excluded.value",
    undo: '',
    expect: stashed,
  },
  {
    name: 'what a block of code wrote is as it was',
    base: person,
    up: `do $$
declare one record;
begin
  for one in select person.id from person where person.name = '' loop
    update person set name = 'nobody' where person.id = one.id;
  end loop;
end
$$`,
    undo: '',
    expect: stashed,
  },
  {
    name: 'what a trigger wrote elsewhere is as it was',
    base: `${line}; create table total (id integer primary key, pieces bigint not null); insert into total values (1, 4);
create function recount() returns trigger language plpgsql as $$ begin update total set pieces = (select sum(line.pieces) from line) where total.id = 1; return null; end $$;
create trigger line_total after update on line for each statement execute function recount()`,
    up: 'update line set pieces = pieces * 2 where line.pieces between 1 and 1000',
    undo: '',
    expect: stashed,
  },
  {
    name: 'what a function that is called wrote is as it was',
    base: `${person}; create function forget(which bigint) returns void language sql as 'update person set email = null, name = null where id = which'`,
    up: 'select forget(900001)',
    undo: '',
    expect: stashed,
  },
  {
    name: 'facts in a document become columns and are facts again',
    base: `create table device (id bigint primary key, facts jsonb); insert into device values (900001, '{"os": "x", "age": 3}'), (900002, '{}')`,
    up: "alter table device add column os text; update device set os = facts ->> 'os'; update device set facts = facts - 'os' where jsonb_typeof(facts) = 'object'",
    undo: "update device set facts = jsonb_set(facts, '{os}', to_jsonb(os)) where os is not null and jsonb_typeof(facts) = 'object'; alter table device drop column os",
    expect: stashed,
  },
  {
    name: 'rows of a table without a key come back',
    base: "create table mark (who text, value integer); insert into mark values ('a', 1), ('a', 1), ('b', 2)",
    up: "delete from mark where who = 'a'",
    undo: '',
    expect: stashed,
  },
  {
    name: 'rows that were deleted come back before the key that they need is checked',
    base: `create table shop (id bigint primary key); create table till (id bigint primary key, shop_id bigint not null references shop (id));
insert into shop values (900001); insert into till values (900001, 900001)`,
    up: 'delete from till; delete from shop',
    undo: '',
    expect: stashed,
  },
  {
    name: 'short texts became NULL, and NULL is not allowed again',
    base: "create table person (id bigint primary key, nick text not null default '')",
    up: 'alter table person alter column nick drop not null; update person set nick = null where length(nick) < 1000',
    undo: 'alter table person alter column nick set not null',
    expect: failsWithRows,
  },
  {
    name: 'empty texts became NULL and are empty again',
    base: `create table person (id bigint primary key, nick text not null default ''); insert into person values (900001, '')`,
    up: "alter table person alter column nick drop not null; update person set nick = null where nick = ''",
    undo: "update person set nick = '' where nick is null; alter table person alter column nick set not null",
    expect: stashed,
  },
  {
    name: 'a limit that was lifted is broken by what the new release writes',
    base: 'create table vote (id bigint primary key, stars smallint not null constraint vote_stars check (stars <= 5))',
    up: 'alter table vote drop constraint vote_stars; alter table vote add constraint vote_stars check (stars > 5) not valid',
    undo: 'alter table vote drop constraint vote_stars; alter table vote add constraint vote_stars check (stars <= 5)',
    expect: failsWithNewRows,
  },
]
