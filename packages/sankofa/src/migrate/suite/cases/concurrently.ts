import { type Case, differs, failsWithNewRows, kept, stashed, stuck } from '../case.ts'

const visit = 'create table visit (id bigint primary key, email text, seen_at timestamptz)'

/** What PostgreSQL refuses inside a transaction, or what brings its own. */
export const concurrently: readonly Case[] = [
  {
    name: 'an index that was built beside the traffic goes beside the traffic',
    base: visit,
    up: 'create index concurrently visit_email on visit (email)',
    undo: 'drop index concurrently visit_email',
    expect: kept,
  },
  {
    name: 'two indexes are exchanged beside the traffic',
    base: `${visit}; create index visit_email on visit (email)`,
    up: 'create index concurrently visit_lower on visit (lower(email)); drop index concurrently visit_email',
    undo: 'create index concurrently visit_email on visit (email); drop index concurrently visit_lower',
    expect: kept,
  },
  {
    name: 'an index that was dropped beside the traffic is forgotten',
    base: `${visit}; create index visit_email on visit (email)`,
    up: 'drop index concurrently if exists visit_email',
    undo: '',
    expect: differs('missing index public.visit_email'),
  },
  {
    name: 'a table and an index beside the traffic go in the same text',
    base: visit,
    up: 'alter table visit add column city text; create index concurrently visit_city on visit (city); create table city (name text primary key)',
    undo: 'drop index concurrently visit_city; drop table city; alter table visit drop column city',
    expect: kept,
  },
  {
    name: 'an index is built again beside the traffic',
    base: `${visit}; create index visit_email on visit (email)`,
    up: 'reindex index concurrently visit_email',
    undo: '',
    expect: kept,
  },
  {
    name: 'vacuum leaves nothing to undo',
    base: visit,
    up: 'vacuum (analyze) visit',
    undo: '',
    expect: kept,
  },
  {
    name: 'a unique constraint that an index built beside the traffic became is an index no more',
    base: visit,
    up: 'create unique index concurrently visit_once on visit (id, email); alter table visit add constraint visit_once unique using index visit_once',
    undo: 'alter table visit drop constraint visit_once',
    expect: kept,
  },
  {
    name: 'the author begins and commits himself',
    base: visit,
    up: 'begin; alter table visit add column city text; create index visit_city on visit (city); commit',
    undo: 'begin; drop index visit_city; alter table visit drop column city; commit',
    expect: kept,
  },
  {
    name: 'a value of an enum is added and used in the same text',
    base: "create type mood as enum ('sad', 'glad'); create table diary (id bigint primary key, mood mood not null)",
    up: "alter type mood add value 'calm' before 'glad'; alter table diary alter column mood set default 'calm'",
    undo: `alter table diary alter column mood drop default;
alter type mood rename to mood_old;
create type mood as enum ('sad', 'glad');
alter table diary alter column mood type mood using case mood::text when 'calm' then 'glad' else mood::text end::mood;
drop type mood_old`,
    expect: kept,
  },
  {
    name: 'a new value of an enum is in use when its type is built again',
    base: "create type mood as enum ('sad'); create table diary (id bigint primary key, mood mood not null)",
    up: "alter type mood add value 'glad'; alter table diary add constraint diary_glad check (mood = 'glad') not valid",
    undo: `alter table diary drop constraint diary_glad;
alter type mood rename to mood_old;
create type mood as enum ('sad');
alter table diary alter column mood type mood using mood::text::mood;
drop type mood_old`,
    expect: failsWithNewRows,
  },
  {
    name: 'a value of an enum stays',
    base: "create type mood as enum ('sad', 'glad'); create table diary (id bigint primary key, mood mood)",
    up: "alter type mood add value if not exists 'calm'",
    undo: '',
    expect: differs('changed type public.mood'),
  },
  {
    name: 'a value of an enum stays, and so up cannot be repeated',
    base: "create type mood as enum ('sad', 'glad')",
    up: "alter type mood add value 'calm'",
    undo: '',
    expect: stuck('changed type public.mood'),
  },
  {
    name: 'a partition that was detached beside the traffic is attached again',
    base: `create table entry (id bigint not null, day date not null) partition by range (day);
create table entry_2026 partition of entry for values from ('2026-01-01') to ('2027-01-01')`,
    up: 'alter table entry detach partition entry_2026 concurrently',
    undo: "alter table entry attach partition entry_2026 for values from ('2026-01-01') to ('2027-01-01')",
    expect: differs('left over constraint public.entry_2026.entry_2026_day_check'),
    because: 'PostgreSQL leaves a check that says what the bound said',
  },
  {
    name: 'rows are deleted beside an index that is built beside the traffic',
    base: `${visit}; insert into visit values (1, 'a@b', null), (2, null, now())`,
    up: 'create index concurrently visit_email on visit (email); delete from visit where email is null',
    undo: 'drop index concurrently visit_email',
    expect: stashed,
  },
]
