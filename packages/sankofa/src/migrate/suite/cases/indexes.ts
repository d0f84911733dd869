import { type Case, differs, failsAgain, failsAlways, kept, stashed, stuck } from '../case.ts'

const visit = `create table visit (
  id      bigint primary key,
  email   text,
  seen_at timestamptz,
  area    int4range,
  facts   jsonb,
  place   point,
  gone_at timestamptz
)`
const withIndex = (index: string): string => `${visit}; ${index}`
const nearly = (name: string, index: string, wrong: string): Case => ({
  name,
  base: withIndex(index),
  up: 'drop index if exists visit_idx',
  undo: wrong,
  expect: differs('changed index public.visit_idx'),
})
const again = (name: string, index: string): Case => ({
  name,
  base: withIndex(index),
  up: 'drop index visit_idx',
  undo: index,
  expect: kept,
})

export const indexes: readonly Case[] = [
  {
    name: 'a new index goes again',
    base: visit,
    up: 'create index visit_idx on visit (lower(email), seen_at desc) include (gone_at) where gone_at is null',
    undo: 'drop index visit_idx',
    expect: kept,
  },
  {
    name: 'a new index is left over',
    base: visit,
    up: 'create index if not exists visit_idx on visit (email)',
    undo: '',
    expect: differs('left over index public.visit_idx'),
  },
  {
    name: 'a new index without a name is left over, and up makes another one',
    base: visit,
    up: 'create index on visit (email)',
    undo: '',
    expect: { ...differs('left over index public.visit_email_idx'), ok: false },
  },
  {
    name: 'a dropped index is forgotten',
    base: withIndex('create index visit_idx on visit (email)'),
    up: 'drop index visit_idx',
    undo: '',
    expect: stuck('missing index public.visit_idx'),
  },
  again(
    'a dropped index on an expression comes back',
    'create index visit_idx on visit (lower(email) text_pattern_ops desc nulls last)',
  ),
  again(
    'a dropped index with a condition comes back',
    "create index visit_idx on visit (seen_at) where gone_at is null and email <> ''",
  ),
  again(
    'a dropped index with more columns comes back',
    'create index visit_idx on visit (email, seen_at desc) include (gone_at, id) with (fillfactor = 70, deduplicate_items = off)',
  ),
  again('a dropped hash index comes back', 'create index visit_idx on visit using hash (email)'),
  again(
    'a dropped GIN index comes back',
    'create index visit_idx on visit using gin (facts jsonb_path_ops) with (fastupdate = off)',
  ),
  again('a dropped GiST index comes back', 'create index visit_idx on visit using gist (area range_ops, place)'),
  again('a dropped SP-GiST index comes back', 'create index visit_idx on visit using spgist (place kd_point_ops)'),
  again(
    'a dropped BRIN index comes back',
    'create index visit_idx on visit using brin (seen_at timestamptz_minmax_multi_ops) with (pages_per_range = 32)',
  ),
  again(
    'a dropped index with a collation comes back',
    'create index visit_idx on visit (email collate "C", (email || \'x\'))',
  ),
  nearly(
    'an index comes back on all rows',
    'create index visit_idx on visit (email) where gone_at is null',
    'create index visit_idx on visit (email)',
  ),
  nearly(
    'an index comes back in the other direction',
    'create index visit_idx on visit (seen_at desc)',
    'create index visit_idx on visit (seen_at)',
  ),
  nearly(
    'an index comes back with NULLs at the other end',
    'create index visit_idx on visit (seen_at nulls first)',
    'create index visit_idx on visit (seen_at)',
  ),
  nearly(
    'an index comes back with its columns exchanged',
    'create index visit_idx on visit (email, seen_at)',
    'create index visit_idx on visit (seen_at, email)',
  ),
  nearly(
    'an index comes back without what it includes',
    'create index visit_idx on visit (email) include (seen_at)',
    'create index visit_idx on visit (email)',
  ),
  nearly(
    'an index comes back with another method',
    'create index visit_idx on visit using hash (email)',
    'create index visit_idx on visit (email)',
  ),
  nearly(
    'an index comes back with another operator class',
    'create index visit_idx on visit using gin (facts jsonb_path_ops)',
    'create index visit_idx on visit using gin (facts)',
  ),
  nearly(
    'an index comes back with another fill factor',
    'create index visit_idx on visit (email) with (fillfactor = 70)',
    'create index visit_idx on visit (email) with (fillfactor = 90)',
  ),
  nearly(
    'an index comes back on the plain column',
    'create index visit_idx on visit (lower(email))',
    'create index visit_idx on visit (email)',
  ),
  nearly(
    'a unique index comes back as a plain one',
    'create unique index visit_idx on visit (email, id)',
    'create index visit_idx on visit (email, id)',
  ),
  {
    name: 'an index comes back under another name, and up leaves it there',
    base: withIndex('create index visit_idx on visit (email)'),
    up: 'drop index if exists visit_idx',
    undo: 'create index visit_email on visit (email)',
    expect: failsAgain('changed index public.visit_idx'),
    because: 'up no longer finds the index, so the second undo makes it twice',
  },
  {
    name: 'an index that went with its column comes back under another name',
    base: withIndex('create index visit_idx on visit (gone_at)'),
    up: 'alter table visit drop column gone_at',
    undo: 'alter table visit add column gone_at timestamptz; create index on visit (gone_at)',
    expect: { grade: 'cosmetic', loss: 'stashed' },
  },
  {
    name: 'an index gets its name back',
    base: withIndex('create index visit_idx on visit (email)'),
    up: 'alter index visit_idx rename to visit_email',
    undo: 'alter index visit_email rename to visit_idx',
    expect: kept,
  },
  {
    name: 'the settings of an index come back',
    base: withIndex('create index visit_idx on visit ((lower(email))) with (fillfactor = 60)'),
    up: 'alter index visit_idx set (fillfactor = 80); alter index visit_idx alter column 1 set statistics 500',
    undo: 'alter index visit_idx set (fillfactor = 60); alter index visit_idx alter column 1 set statistics -1',
    expect: kept,
  },
  {
    name: 'the settings of an index are reset instead of put back',
    base: withIndex('create index visit_idx on visit (email) with (fillfactor = 60)'),
    up: 'alter index visit_idx set (fillfactor = 80)',
    undo: 'alter index visit_idx reset (fillfactor)',
    expect: differs('changed index public.visit_idx'),
  },
  {
    name: 'the order on disk is by the old index again',
    base: withIndex('create index visit_idx on visit (email); alter table visit cluster on visit_idx'),
    up: 'alter table visit set without cluster',
    undo: 'alter table visit cluster on visit_idx',
    expect: kept,
  },
  {
    name: 'an index is created on a column that the undo has already dropped',
    base: withIndex('create index visit_idx on visit (email)'),
    up: 'drop index visit_idx; alter table visit add column mail text; create index visit_idx on visit (mail)',
    undo: 'drop index visit_idx; alter table visit drop column mail; create index visit_idx on visit (mail)',
    expect: failsAlways,
  },
  {
    name: 'a dropped table takes two indexes, and both come back',
    base: `create table entry (id bigint, wallet bigint not null, amount bigint not null, primary key (id) with (fillfactor = 90));
create unique index entry_once on entry (wallet, abs(amount)) where wallet > 10;
create index entry_amount on entry (amount)`,
    up: 'drop table entry',
    undo: `create table entry (id bigint, wallet bigint not null, amount bigint not null, primary key (id) with (fillfactor = 90));
create unique index entry_once on entry (wallet, abs(amount)) where wallet > 10;
create index entry_amount on entry (amount)`,
    expect: stashed,
  },
  {
    name: 'the undo of dropped indexes was not written',
    base: `${withIndex('create index visit_idx on visit (lower(email)) include (gone_at) where gone_at is null')}; create index on visit using gin (facts)`,
    up: 'drop index visit_idx, visit_facts_idx',
    expect: kept,
  },
]
