import { type Case, differs, kept, stashed } from '../case.ts'

const log = 'create table log (id bigint primary key, line text, at timestamptz, level smallint)'
const commented = `${log}; create index log_at on log (at); create view loud as select log.line from log where log.level > 3;
comment on table log is 'what happened'; comment on column log.at is 'when'; comment on index log_at is 'for the screen';
comment on view loud is 'what hurts'; comment on constraint log_pkey on log is 'one number each'`

/** Comments, storage settings, statistics objects, publications. */
export const settings: readonly Case[] = [
  {
    name: 'new comments go again',
    base: log,
    up: "comment on table log is 'what happened'; comment on column log.line is 'as it came'",
    undo: 'comment on table log is null; comment on column log.line is null',
    expect: kept,
  },
  {
    name: 'a new comment on a column stays',
    base: log,
    up: "comment on column log.line is 'as it came'",
    undo: '',
    expect: differs('changed column public.log.line'),
  },
  {
    name: 'changed comments are the old ones again',
    base: commented,
    up: `comment on table log is 'x'; comment on column log.at is 'x'; comment on index log_at is null; comment on view loud is 'x'; comment on constraint log_pkey on log is null`,
    undo: `comment on table log is 'what happened'; comment on column log.at is 'when'; comment on index log_at is 'for the screen';
comment on view loud is 'what hurts'; comment on constraint log_pkey on log is 'one number each'`,
    expect: kept,
  },
  {
    name: 'a changed comment is nearly the old one',
    base: commented,
    up: "comment on table log is 'x'",
    undo: "comment on table log is 'what happens'",
    expect: differs('changed table public.log'),
  },
  {
    name: 'a dropped column comes back without its comment',
    base: "create table log (id bigint primary key, line text, at timestamptz); comment on column log.at is 'when'",
    up: 'alter table log drop column at',
    undo: 'alter table log add column at timestamptz',
    expect: { ...differs('changed column public.log.at'), loss: 'stashed' },
  },
  {
    name: 'comments on what is not a table come back',
    base: `create type level as enum ('low', 'high'); create function twice(a integer) returns integer language sql as 'select a * 2'; create sequence counter; create schema old; create domain cents as bigint;
comment on type level is 'how loud'; comment on function twice(integer) is 'two times'; comment on sequence counter is 'counts'; comment on schema old is 'do not use'; comment on domain cents is 'money'`,
    up: 'comment on type level is null; comment on function twice(integer) is null; comment on sequence counter is null; comment on schema old is null; comment on domain cents is null',
    undo: `comment on type level is 'how loud'; comment on function twice(integer) is 'two times'; comment on sequence counter is 'counts'; comment on schema old is 'do not use'; comment on domain cents is 'money'`,
    expect: kept,
  },
  {
    name: 'storage settings of a table come back',
    base: `${log}; alter table log set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)`,
    up: 'alter table log set (fillfactor = 50, toast.autovacuum_enabled = false); alter table log reset (autovacuum_vacuum_scale_factor)',
    undo: 'alter table log set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02); alter table log reset (toast.autovacuum_enabled)',
    expect: kept,
  },
  {
    name: 'a storage setting of a table stays',
    base: log,
    up: 'alter table log set (fillfactor = 50, autovacuum_enabled = false)',
    undo: 'alter table log reset (fillfactor)',
    expect: differs('changed table public.log'),
  },
  {
    name: 'new statistics go again',
    base: log,
    up: 'create statistics log_together (dependencies, ndistinct) on at, level from log',
    undo: 'drop statistics log_together',
    expect: kept,
  },
  {
    name: 'dropped statistics come back',
    base: `${log}; create statistics log_together (mcv, ndistinct) on level, (lower(line)) from log; alter statistics log_together set statistics 200`,
    up: 'drop statistics log_together',
    undo: 'create statistics log_together (mcv, ndistinct) on level, (lower(line)) from log; alter statistics log_together set statistics 200',
    expect: kept,
  },
  {
    name: 'dropped statistics come back of another kind',
    base: `${log}; create statistics log_together (mcv) on level, at from log`,
    up: 'drop statistics if exists log_together',
    undo: 'create statistics log_together (dependencies) on level, at from log',
    expect: differs('changed statistics public.log_together'),
  },
  {
    name: 'statistics that went with a column are forgotten',
    base: `${log}; create statistics log_together on level, at from log`,
    up: 'alter table log drop column level',
    undo: 'alter table log add column level smallint',
    expect: { ...stashed, grade: 'differs', differences: ['missing statistics public.log_together'] },
  },
  {
    name: 'a new publication goes again',
    base: log,
    up: "create publication feed for table log (id, line) where (id > 10) with (publish = 'insert, update')",
    undo: 'drop publication feed',
    expect: kept,
  },
  {
    name: 'a table is published no more, and is again',
    base: `${log}; create publication feed for table log with (publish = 'insert')`,
    up: "alter publication feed set (publish = 'insert, delete'); alter publication feed drop table log",
    undo: "alter publication feed add table log; alter publication feed set (publish = 'insert')",
    expect: kept,
  },
  {
    name: 'the undo of comments and settings was not written',
    base: commented,
    up: "comment on table log is null; comment on column log.at is 'x'; alter table log set (fillfactor = 40); create statistics log_together on level, at from log",
    expect: kept,
  },
]
