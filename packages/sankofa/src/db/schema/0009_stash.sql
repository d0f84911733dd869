-- Expand: what a migration's step destroyed, so that the opposite step can give it back. The rows themselves lie in
-- tables of the schema sankofa_stash, which is created when it is first needed and which only its owner may enter.
create table sankofa.stash (
  id          bigint      generated always as identity,
  run         bigint      not null,
  migration   text        not null,
  direction   text        not null constraint stash_direction check (direction in ('up', 'undo')),
  table_name  text        not null,
  stash_table text        not null,
  plan        jsonb       not null,
  rows        bigint      not null constraint stash_rows_not_below_zero check (rows >= 0),
  bytes       bigint      not null,
  checksum    text,
  state       text        not null constraint stash_state check (state in ('capturing', 'open', 'restored', 'dropped', 'settled')),
  put_back    bigint      not null default 0,
  erased      bigint      not null default 0,
  created_at  timestamptz not null default clock_timestamp(),
  expires_at  timestamptz not null,
  closed_at   timestamptz,
  closed_why  text,
  constraint stash_pkey primary key (id)
);
create index stash_migration on sankofa.stash (migration, direction, run);
comment on table sankofa.stash is 'one row for each table of which a step destroyed something';
comment on column sankofa.stash.run is 'what one run of a step kept, all tables of it: the id of its first row';
comment on column sankofa.stash.migration is 'id of the migration, not of its group: each step gives back what its opposite took';
comment on column sankofa.stash.stash_table is 'within sankofa_stash; gone when state is dropped or settled, or when everything was put back';
comment on column sankofa.stash.plan is 'columns and their types, what names a row, sequences: never values of rows';
comment on column sankofa.stash.rows is 'rows that lie there now; after a restore those that could not be put back';
comment on column sankofa.stash.checksum is 'over the stashed rows in any order; null while capturing';
comment on column sankofa.stash.state is 'capturing: a step of several transactions is not through; restored: the opposite step has run';
