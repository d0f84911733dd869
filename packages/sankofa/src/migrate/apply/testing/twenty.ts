import type { Migration, MigrationSet } from '../../migration.ts'
import { code, migration, setOf, sql } from './migrations.ts'

/** A migration, and for each of its parts a condition that holds exactly while that part is done; null says nothing. */
export type Probed = {
  readonly migration: Migration
  readonly parts: readonly string[]
  /** Of the undo, in its order; the whole is one part unless told. */
  readonly undone?: readonly string[]
}

const table = (name: string): string => `to_regclass('${name}') is not null`
const index = (name: string): string =>
  `exists (select from pg_index where indexrelid = to_regclass('${name}') and indisvalid)`
const column = (name: string): string =>
  `exists (select from pg_attribute where attrelid = to_regclass('keep') and attname = '${name}' and not attisdropped)`
const label = (name: string): string =>
  `exists (select from pg_enum where enumtypid = to_regtype('mood') and enumlabel = '${name}')`
const not = (condition: string): string => `not (${condition})`
const release = { group: 'release 9' }
const mixed = { group: 'release 12' }

/** Twenty of every sort that behaves in its own way when it is killed. */
export const twenty: readonly Probed[] = [
  {
    migration: migration(
      '01_keep',
      `create table keep (id int primary key, body text not null);
       insert into keep select n, 'row ' || n from generate_series(1, 200) as n;
       create index keep_other on keep (id, body)`,
      'drop table keep',
    ),
    parts: [table('keep')],
  },
  {
    migration: migration(
      '02_column',
      'alter table keep add column extra int not null default 7',
      'alter table keep drop column extra',
    ),
    parts: [column('extra')],
  },
  {
    migration: migration(
      '03_tables',
      'create table a (id int); create table b (id int); insert into a values (1)',
      'drop table b; drop table a',
    ),
    parts: [table('a')],
  },
  {
    migration: migration(
      '04_index',
      'create index concurrently keep_body on keep (body)',
      'drop index concurrently keep_body',
    ),
    parts: [index('keep_body')],
  },
  {
    migration: migration(
      '05_constraint',
      `create unique index concurrently keep_once on keep (body);
       alter table keep add constraint keep_body_once unique using index keep_once`,
      'alter table keep drop constraint keep_body_once',
    ),
    parts: [`(${index('keep_once')} or ${index('keep_body_once')})`, index('keep_body_once')],
  },
  { migration: migration('06_type', `create type mood as enum ('low')`, 'drop type mood'), parts: [label('low')] },
  {
    migration: migration(
      '07_value',
      `alter type mood add value 'high'; create table moods (m mood not null default 'high')`,
      `drop table moods; alter type mood rename to old_mood; create type mood as enum ('low'); drop type old_mood`,
    ),
    parts: [label('high'), table('moods')],
  },
  {
    migration: migration(
      '08_own_transaction',
      'begin; create table c (id int); insert into c values (1); commit; create table d (id int)',
      'begin; drop table d; commit; drop table c',
    ),
    parts: [table('c'), table('d')],
    undone: [not(table('d')), not(table('c'))],
  },
  { migration: migration('09_one', 'create table one (id int)', 'drop table one', release), parts: [table('one')] },
  { migration: migration('10_two', 'create table two (id int)', 'drop table two', release), parts: [table('two')] },
  {
    migration: migration('11_three', 'create table three (id int)', 'drop table three', release),
    parts: [table('three')],
  },
  { migration: migration('12_four', 'create table four (id int)', 'drop table four', mixed), parts: [table('four')] },
  {
    migration: migration(
      '13_five',
      'create index concurrently four_id on four (id)',
      'drop index concurrently four_id',
      mixed,
    ),
    parts: [index('four_id')],
  },
  {
    migration: migration(
      '14_code',
      code(async (client) => {
        await client.query('create table coded (id int)')
        await client.query('insert into coded values ($1)', [1])
      }),
      code(async (client) => void (await client.query('drop table coded'))),
    ),
    parts: [table('coded')],
  },
  {
    migration: migration(
      '15_loose_code',
      code(async (client) => void (await client.query('create table loose (id int)')), false),
      code(async (client) => void (await client.query('drop table loose')), false),
    ),
    parts: [table('loose')],
  },
  { migration: migration('16_empty', '-- nothing to do', ''), parts: [] },
  {
    migration: migration(
      '17_no_transaction',
      sql(
        'create schema own; set search_path to own; create table deep (id int); create table deeper (id int)',
        'none',
      ),
      sql('drop table own.deeper; drop table own.deep; drop schema own', 'none'),
    ),
    parts: [`to_regnamespace('own') is not null`, 'null', table('own.deep'), table('own.deeper')],
    undone: [not(table('own.deeper')), not(table('own.deep')), `to_regnamespace('own') is null`],
  },
  {
    migration: migration(
      '18_drop_index',
      'drop index concurrently keep_other; create index concurrently keep_extra on keep (extra)',
      'drop index concurrently keep_extra; create index concurrently keep_other on keep (id, body)',
    ),
    parts: [`(${table('keep')} and ${not(table('keep_other'))})`, index('keep_extra')],
    undone: [not(table('keep_extra')), index('keep_other')],
  },
  {
    migration: migration(
      '19_procedure',
      sql(
        `create procedure make() language plpgsql as $$ begin create table made (id int); commit; end $$;
         call make()`,
        'none',
      ),
      'drop table made; drop procedure make',
    ),
    parts: [`to_regproc('make') is not null`, table('made')],
  },
  {
    migration: migration(
      '20_rewrite',
      `alter table keep add column loud text; update keep set loud = upper(body); alter table keep alter column loud set not null`,
      'alter table keep drop column loud',
    ),
    parts: [column('loud')],
  },
]

export const twentySet: MigrationSet = setOf(...twenty.map((each) => each.migration))

/** Its groups, in order. */
export const twentyGroups: readonly string[] = [...new Set(twenty.map((each) => each.migration.group))]
