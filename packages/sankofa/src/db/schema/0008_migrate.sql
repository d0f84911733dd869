-- Expand: what is applied of the service's migrations, with all that taking it back needs, so that an older checkout,
-- which has not the files, can do it.
create table sankofa.migration (
  id               text        not null,
  position         bigint      not null,
  group_id         text        not null,
  tool             text        not null,
  up_kind          text        not null constraint migration_up_kind check (up_kind in ('sql', 'code')),
  up_sql           text        not null,
  up_transaction   text        not null constraint migration_up_transaction check (up_transaction in ('auto', 'none')),
  undo_sql         text,
  undo_origin      text        constraint migration_undo_origin check (undo_origin in ('written', 'derived', 'captured', 'code')),
  undo_transaction text        not null default 'auto' constraint migration_undo_transaction check (undo_transaction in ('auto', 'none')),
  sha256           text        not null,
  undo_sha256      text,
  backfill_sql     text,
  state            text        not null constraint migration_state check (state in ('applying', 'applied', 'undoing')),
  unit             integer     not null default 0 constraint migration_unit_not_below_zero check (unit >= 0),
  units            integer     not null default 1,
  running          boolean     not null default false,
  seen             text,
  partial          boolean     not null default false,
  began_at         timestamptz not null default clock_timestamp(),
  applied_at       timestamptz,
  applied_by       text        not null,
  took_ms          double precision,
  proof            jsonb,
  release          text,
  constraint migration_pkey primary key (id),
  constraint migration_position_once unique (position),
  constraint migration_applied_has_time check (state <> 'applied' or applied_at is not null)
);
comment on table sankofa.migration is 'one row for each migration that is applied or on its way; taken back, its row is gone';
comment on column sankofa.migration.position is 'order of application: taking back goes the other way';
comment on column sankofa.migration.up_sql is 'its SQL, or the source of its module';
comment on column sankofa.migration.up_transaction is 'none: its author said that it cannot run in a transaction';
comment on column sankofa.migration.undo_sql is 'null where there is none, and for a module whose statements nobody has recorded';
comment on column sankofa.migration.undo_origin is 'captured: the statements that a module''s undo sent on a shadow; code: known only to the module';
comment on column sankofa.migration.sha256 is 'of up_sql, to notice an edited file; undo_sha256 is that of the undo''s file';
comment on column sankofa.migration.unit is 'of the step that is running: units before this one are done';
comment on column sankofa.migration.running is 'a statement that cannot share a transaction with this row was begun: it may have happened or not';
comment on column sankofa.migration.seen is 'what was there before that statement began, to tell afterwards what it did';
comment on column sankofa.migration.partial is 'the undo runs on what a half-applied migration left behind';

create table sankofa.migration_proof (
  digest   text        not null,
  base     text        not null,
  group_id text        not null,
  postgres text        not null,
  proof    jsonb       not null,
  at       timestamptz not null default clock_timestamp(),
  constraint migration_proof_pkey primary key (digest, base)
);
create index migration_proof_group on sankofa.migration_proof (group_id, at);
comment on table sankofa.migration_proof is 'what was proved of exactly this SQL (digest) on exactly this schema (base)';

create table sankofa.backfill (
  name           text        not null,
  relation       text        not null,
  key_column     text        not null,
  last_key       text,
  rows           bigint      not null default 0,
  batches        bigint      not null default 0,
  batch_size     integer     not null,
  estimated_rows bigint,
  state          text        not null default 'running' constraint backfill_state check (state in ('running', 'paused', 'done')),
  paused_because text,
  began_at       timestamptz not null default clock_timestamp(),
  touched_at     timestamptz not null default clock_timestamp(),
  done_at        timestamptz,
  constraint backfill_pkey primary key (name)
);
comment on table sankofa.backfill is 'how far a long move of data has come; each batch and its progress are one transaction';
comment on column sankofa.backfill.last_key is 'as text; rows with keys up to this one are done';
comment on column sankofa.backfill.rows is 'rows that the statements said they wrote';
