-- Business facts, written in the transaction of the fact.
create table sankofa.event (
  id           bigint      generated always as identity primary key,
  at           timestamptz not null default clock_timestamp(),
  type         text        not null,
  subject      text        not null,
  actor        text        not null,
  reference    text,
  amount       bigint,
  currency     text,
  state_before jsonb,
  state_after  jsonb,
  data         jsonb       not null default '{}'::jsonb,
  request_id   text,
  release      text,
  exposed_to   text[]      not null default '{}',
  transaction_id xid8      not null default pg_current_xact_id(),
  prev_hash    bytea,
  hash         bytea       not null
);
comment on column sankofa.event.subject is 'keyed hash of the user; the plain id lives in the service''s own tables';
comment on column sankofa.event.exposed_to is 'the changes that this subject was exposed to at that moment';
comment on column sankofa.event.prev_hash is 'hash of the event before, of the same subject; the chain shows a missing or altered row';
create index event_type_at on sankofa.event (type, at);
create index event_subject on sankofa.event (subject, id);
create index event_at on sankofa.event (at);
create index event_transaction on sankofa.event (transaction_id);
create trigger event_append_only before update or delete or truncate on sankofa.event
  for each statement execute function sankofa.refuse_rewrite();

-- The last hash of each subject's chain: the row that an append locks.
create table sankofa.event_chain (
  subject text  primary key,
  hash    bytea not null,
  length  bigint not null,
  prev_hash bytea
);
comment on column sankofa.event_chain.prev_hash is 'the hash before: lets one statement lock the row, move it on and write the event';

-- A seal covers every event committed before it; its head is also written outside the database.
create table sankofa.event_seal (
  id         bigint      generated always as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  below_xid  xid8        not null,
  events     bigint      not null,
  prev_hash  bytea,
  hash       bytea       not null
);
