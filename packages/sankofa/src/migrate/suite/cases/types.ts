import { type Case, differs, failsAlways, failsWithNewRows, kept, stashed, stuck } from '../case.ts'

const task =
  "create type state as enum ('open', 'done', 'late'); create table task (id bigint primary key, state state not null default 'open')"

export const types: readonly Case[] = [
  {
    name: 'a new enum and the column of it go again',
    base: 'create table task (id bigint primary key)',
    up: "create type state as enum ('open', 'done'); alter table task add column state state not null default 'open'",
    undo: 'alter table task drop column state; drop type state',
    expect: kept,
  },
  {
    name: 'a new enum is left over',
    base: 'create table task (id bigint primary key)',
    up: "create type state as enum ('open', 'done'); alter table task add column state state",
    undo: 'alter table task drop column state',
    expect: stuck('left over type public.state'),
  },
  {
    name: 'a new enum cannot go before the column of it',
    base: 'create table task (id bigint primary key)',
    up: "create type state as enum ('open', 'done'); alter table task add column state state",
    undo: 'drop type state; alter table task drop column state',
    expect: failsAlways,
  },
  {
    name: 'a renamed value of an enum gets its name back',
    base: task,
    up: "alter type state rename value 'late' to 'overdue'",
    undo: "alter type state rename value 'overdue' to 'late'",
    expect: { ...kept, loss: 'kept' },
  },
  {
    name: 'the values of an enum come back in another order',
    base: "create type state as enum ('open', 'done', 'late')",
    up: 'drop type if exists state',
    undo: "create type state as enum ('open', 'late', 'done')",
    expect: differs('changed type public.state'),
  },
  {
    name: 'an enum comes back with one value less',
    base: "create type state as enum ('open', 'done', 'late')",
    up: 'drop type if exists state',
    undo: "create type state as enum ('open', 'done')",
    expect: differs('changed type public.state'),
  },
  {
    name: 'an enum becomes a text with a check, and is an enum again',
    base: task,
    up: `alter table task alter column state drop default;
alter table task alter column state type text using state::text;
alter table task alter column state set default 'open';
alter table task add constraint task_state check (state in ('open', 'done', 'late'));
drop type state`,
    undo: `create type state as enum ('open', 'done', 'late');
alter table task drop constraint task_state;
alter table task alter column state drop default;
alter table task alter column state type state using state::state;
alter table task alter column state set default 'open'`,
    expect: stashed,
    because: 'an expression may lose something, and the text does not tell',
  },
  {
    name: 'an enum becomes a text that takes anything, and cannot be an enum again',
    base: "create type state as enum ('open'); create table task (id bigint primary key, state state not null)",
    up: 'alter table task alter column state type text using state::text; drop type state',
    undo: "create type state as enum ('open'); alter table task alter column state type state using state::state",
    expect: { ...failsWithNewRows, loss: 'lost' },
  },
  {
    name: 'a value is taken out of an enum, and who had it gets it back',
    base: `${task}; insert into task values (900001, 'late'), (900002, 'done')`,
    up: `alter type state rename to state_old;
create type state as enum ('open', 'done');
alter table task alter column state drop default;
alter table task alter column state type state using case state::text when 'late' then 'open' else state::text end::state;
alter table task alter column state set default 'open';
drop type state_old`,
    undo: `alter type state rename to state_new;
create type state as enum ('open', 'done', 'late');
alter table task alter column state drop default;
alter table task alter column state type state using state::text::state;
alter table task alter column state set default 'open';
drop type state_new`,
    expect: stashed,
  },
  {
    name: 'a new domain goes again',
    base: 'create table person (id bigint primary key)',
    up: "create domain email as text not null default 'a@b' constraint email_at check (value like '%@%'); alter table person add column email email",
    undo: 'alter table person drop column email; drop domain email',
    expect: kept,
  },
  {
    name: 'a dropped domain comes back with its rules',
    base: 'create domain cents as bigint default 0 constraint cents_there not null constraint cents_positive check (value >= 0)',
    up: 'drop domain cents',
    undo: 'create domain cents as bigint default 0 constraint cents_there not null constraint cents_positive check (value >= 0)',
    expect: kept,
  },
  {
    name: 'a dropped domain comes back without its check',
    base: 'create domain cents as bigint default 0 constraint cents_positive check (value >= 0)',
    up: 'drop domain if exists cents',
    undo: 'create domain cents as bigint default 0',
    expect: differs('missing constraint public.cents.cents_positive'),
  },
  {
    name: 'a dropped domain comes back without its default',
    base: 'create domain cents as bigint default 0',
    up: 'drop domain if exists cents',
    undo: 'create domain cents as bigint',
    expect: differs('changed domain public.cents'),
  },
  {
    name: 'a dropped domain comes back on another type',
    base: 'create domain short_text as varchar(10) collate "C"',
    up: 'drop domain if exists short_text',
    undo: 'create domain short_text as varchar(12) collate "C"',
    expect: differs('changed domain public.short_text'),
  },
  {
    name: 'a domain gets its check and its default back',
    base: 'create domain cents as bigint default 0 constraint cents_positive check (value >= 0); create table item (id bigint primary key, price cents)',
    up: 'alter domain cents drop constraint cents_positive; alter domain cents add constraint cents_positive check (value > 0) not valid; alter domain cents set default 1',
    undo: 'alter domain cents drop constraint cents_positive; alter domain cents add constraint cents_positive check (value >= 0); alter domain cents set default 0',
    expect: kept,
  },
  {
    name: 'a domain cannot be as strict as it was, once the new release wrote what it forbade',
    base: 'create domain cents as integer constraint cents_small check (value < 10); create table item (id bigint primary key, price cents not null)',
    up: 'alter domain cents drop constraint cents_small; alter domain cents add constraint cents_large check (value >= 10) not valid',
    undo: 'alter domain cents drop constraint cents_large; alter domain cents add constraint cents_small check (value < 10)',
    expect: failsWithNewRows,
  },
  {
    name: 'a check of a domain that was validated is not valid again',
    base: 'create domain cents as bigint; alter domain cents add constraint cents_positive check (value >= 0) not valid',
    up: 'alter domain cents validate constraint cents_positive',
    undo: 'alter domain cents drop constraint cents_positive; alter domain cents add constraint cents_positive check (value >= 0) not valid',
    expect: kept,
  },
  {
    name: 'a composite type loses what it got',
    base: 'create type place as (street text, town text); create table shop (id bigint primary key, at place)',
    up: 'alter type place add attribute country varchar(2)',
    undo: 'alter type place drop attribute country',
    expect: kept,
  },
  {
    name: 'an attribute of a composite type comes back with another type',
    base: 'create type place as (street text, house smallint)',
    up: 'alter type place drop attribute if exists house',
    undo: 'alter type place add attribute house integer',
    expect: differs('changed type public.place'),
  },
  {
    name: 'an attribute of a composite type gets its name back',
    base: 'create type place as (street text, town text); create table shop (id bigint primary key, at place)',
    up: 'alter type place rename attribute town to city',
    undo: 'alter type place rename attribute city to town',
    expect: kept,
  },
  {
    name: 'a dropped composite type comes back',
    base: 'create type place as (street text collate "C", house numeric(4, 1))',
    up: 'drop type place',
    undo: 'create type place as (street text collate "C", house numeric(4, 1))',
    expect: kept,
  },
  {
    name: 'a dropped range type comes back',
    base: `create function seconds_between(till time, since time) returns double precision language sql immutable strict as 'select extract(epoch from till - since)';
create type opening as range (subtype = time, subtype_diff = seconds_between, multirange_type_name = openings)`,
    up: 'drop type opening',
    undo: 'create type opening as range (subtype = time, subtype_diff = seconds_between, multirange_type_name = openings)',
    expect: kept,
  },
  {
    name: 'a dropped range type comes back without how far apart its ends are',
    base: `create function seconds_between(till time, since time) returns double precision language sql immutable strict as 'select extract(epoch from till - since)';
create type opening as range (subtype = time, subtype_diff = seconds_between)`,
    up: 'drop type if exists opening',
    undo: 'create type opening as range (subtype = time)',
    expect: differs('changed type public.opening'),
  },
  {
    name: 'a renamed type gets its name back',
    base: task,
    up: 'alter type state rename to task_state',
    undo: 'alter type task_state rename to state',
    expect: kept,
  },
  {
    name: 'a dropped collation comes back',
    base: `create collation by_number (provider = icu, locale = 'en-u-kn-true', deterministic = false)`,
    up: 'drop collation by_number',
    undo: `create collation by_number (provider = icu, locale = 'en-u-kn-true', deterministic = false)`,
    expect: kept,
  },
  {
    name: 'how texts are searched comes back',
    base: `create text search configuration shop_words (copy = simple); alter text search configuration shop_words alter mapping for asciiword with english_stem`,
    up: 'drop text search configuration shop_words',
    undo: 'create text search configuration shop_words (copy = simple); alter text search configuration shop_words alter mapping for asciiword with english_stem',
    expect: kept,
  },
  {
    name: 'the undo of a new value of an enum was not written',
    base: task,
    up: "alter type state add value 'waiting' after 'open'",
    expect: failsWithNewRows,
    because: 'no SQL can tell what a task that is waiting was before; the notes of the derived undo say so',
  },
]
