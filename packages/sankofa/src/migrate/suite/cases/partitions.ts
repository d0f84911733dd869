import { type Case, differs, failsAgain, failsAlways, kept, stashed, stuck } from '../case.ts'

const entry = `create table entry (id bigint not null, day date not null, amount bigint not null default 0, primary key (id, day)) partition by range (day);
create table entry_old partition of entry for values from (minvalue) to ('2026-01-01');
create table entry_new partition of entry for values from ('2026-01-01') to (maxvalue)`
const zone = `create table zone (id bigint not null, code text not null) partition by list (code);
create table zone_home partition of zone for values in ('de', 'at');
create table zone_else partition of zone default`
const animal = `create table animal (id bigint primary key, name text not null);
create table dog (breed text, constraint dog_breed check (breed <> '')) inherits (animal)`

/** Partitions and inheritance. */
export const partitions: readonly Case[] = [
  {
    name: 'a new partitioned table goes again',
    base: 'create table shop (id bigint primary key)',
    up: `${zone}; create index zone_code on zone (code)`,
    undo: 'drop table zone',
    expect: kept,
  },
  {
    name: 'a new partition goes again',
    base: "create table zone (id bigint not null, code text not null) partition by list (code); create table zone_home partition of zone for values in ('de')",
    up: "create table zone_far partition of zone for values in ('gh', 'ng')",
    undo: 'drop table zone_far',
    expect: kept,
  },
  {
    name: 'a new partition is only detached',
    base: "create table zone (id bigint not null, code text not null) partition by list (code); create table zone_home partition of zone for values in ('de')",
    up: "create table if not exists zone_far partition of zone for values in ('gh', 'ng')",
    undo: 'alter table zone detach partition zone_far',
    expect: failsAgain('left over table public.zone_far'),
    because: 'the second up finds the table and does not attach it, so it cannot be detached twice',
  },
  {
    name: 'a dropped partition comes back with its rows',
    base: entry,
    up: 'drop table entry_old',
    undo: "create table entry_old partition of entry for values from (minvalue) to ('2026-01-01')",
    expect: stashed,
  },
  {
    name: 'a dropped partition comes back with another bound',
    base: entry,
    up: 'drop table entry_old',
    undo: "create table entry_old partition of entry for values from ('1000-01-01') to ('2026-01-01')",
    expect: { ...differs('changed table public.entry_old'), loss: 'stashed' },
  },
  {
    name: 'a dropped partition comes back as a table of its own',
    base: entry,
    up: 'drop table entry_old',
    undo: 'create table entry_old (id bigint not null, day date not null, amount bigint not null default 0, primary key (id, day))',
    expect: { grade: 'differs', loss: 'lost' },
    because: 'the rows are there, but no longer in the partitioned table',
  },
  {
    name: 'a detached partition is attached again',
    base: `create table entry (id bigint not null, day date not null) partition by range (day);
create table entry_old partition of entry for values from (minvalue) to ('2026-01-01')`,
    up: "alter table entry detach partition entry_old; alter table entry_old add constraint old_days check (day < '2026-01-01')",
    undo: "alter table entry attach partition entry_old for values from (minvalue) to ('2026-01-01'); alter table entry_old drop constraint old_days",
    expect: kept,
  },
  {
    name: 'an index on a partitioned table goes again',
    base: entry,
    up: 'create index entry_amount on entry (amount)',
    undo: 'drop index entry_amount',
    expect: kept,
  },
  {
    name: 'an index on a partitioned table comes back on one partition only',
    base: `${zone}; create index zone_code on zone (code)`,
    up: 'drop index if exists zone_code',
    undo: 'create index zone_home_code_idx on zone_home (code)',
    expect: failsAgain(
      'missing index public.zone_code',
      'missing index public.zone_else_code_idx',
      'changed index public.zone_home_code_idx',
    ),
  },
  {
    name: 'an index on a partitioned table comes back on each partition',
    base: `${zone}; create index zone_code on zone (code)`,
    up: 'drop index zone_code',
    undo: 'create index zone_code on zone (code)',
    expect: kept,
  },
  {
    name: 'a partition is split and joined again',
    base: `create table entry (id bigint not null, day date not null) partition by range (day);
create table entry_all partition of entry for values from (minvalue) to (maxvalue)`,
    up: `alter table entry detach partition entry_all;
create table entry_early partition of entry for values from (minvalue) to ('2000-01-01');
create table entry_late partition of entry for values from ('2000-01-01') to (maxvalue);
insert into entry select entry_all.id, entry_all.day from entry_all;
drop table entry_all`,
    undo: `alter table entry detach partition entry_early;
alter table entry detach partition entry_late;
create table entry_all partition of entry for values from (minvalue) to (maxvalue);
insert into entry select entry_early.id, entry_early.day from entry_early union all select entry_late.id, entry_late.day from entry_late;
drop table entry_early, entry_late`,
    expect: stashed,
  },
  {
    name: 'a dropped partitioned table comes back without one partition',
    base: zone,
    up: 'drop table zone; drop table if exists zone_else',
    undo: `create table zone (id bigint not null, code text not null) partition by list (code);
create table zone_home partition of zone for values in ('de', 'at')`,
    expect: { grade: 'differs', loss: 'lost', differences: ['missing table public.zone_else'] },
  },
  {
    name: 'a dropped partitioned table comes back by another key',
    base: 'create table zone (id bigint not null, code text not null) partition by list (code)',
    up: 'drop table zone',
    undo: 'create table zone (id bigint not null, code text not null) partition by hash (code)',
    expect: { ...differs('changed table public.zone'), loss: 'stashed' },
  },
  {
    name: 'a table by hash comes back with its parts',
    base: `create table bucket (id bigint not null, name text) partition by hash (id);
create table bucket_0 partition of bucket for values with (modulus 2, remainder 0);
create table bucket_1 partition of bucket for values with (modulus 2, remainder 1)`,
    up: 'drop table bucket',
    undo: `create table bucket (id bigint not null, name text) partition by hash (id);
create table bucket_0 partition of bucket for values with (modulus 2, remainder 0);
create table bucket_1 partition of bucket for values with (modulus 2, remainder 1)`,
    expect: stashed,
  },
  {
    name: 'a new child of a table goes again',
    base: 'create table animal (id bigint primary key, name text not null)',
    up: 'create table cat (lives smallint not null default 9) inherits (animal)',
    undo: 'drop table cat',
    expect: kept,
  },
  {
    name: 'a dropped child comes back with its rows',
    base: animal,
    up: 'drop table dog',
    undo: "create table dog (breed text, constraint dog_breed check (breed <> '')) inherits (animal)",
    expect: stashed,
  },
  {
    name: 'a child becomes a table of its own',
    base: animal,
    up: 'alter table dog no inherit animal',
    undo: 'alter table dog inherit animal',
    expect: { grade: 'differs', loss: 'kept', derived: 'differs' },
    because: 'the columns of the child are its own now, and stay so',
  },
  {
    name: 'a column of the parent goes from its children too',
    base: animal,
    up: 'alter table animal add column born date',
    undo: 'alter table animal drop column born',
    expect: kept,
  },
  {
    name: 'a column of a child is dropped as if it were its own',
    base: animal,
    up: 'alter table animal add column born date',
    undo: 'alter table dog drop column born',
    expect: failsAlways,
  },
  {
    name: 'a partition is forgotten, and so up cannot be repeated',
    base: zone,
    up: 'alter table zone detach partition zone_else',
    undo: '',
    expect: { ...stuck('changed table public.zone_else'), loss: 'lost' },
  },
  {
    name: 'the undo of a new partition with an index was not written',
    base: `${entry}; create index entry_amount on entry (amount)`,
    up: `alter table entry detach partition entry_new; drop table entry_new;
create table entry_2026 partition of entry for values from ('2026-01-01') to ('2027-01-01');
create table entry_rest partition of entry for values from ('2027-01-01') to (maxvalue)`,
    expect: stashed,
  },
]
