-- Everything in this folder is expand only: it may add, never change or drop, because two releases of Sankofa share it.

-- One row, one leader. `epoch` grows each time the lease changes hands, and fences off whoever held it before.
create table sankofa.lease (
  name       text        primary key,
  holder     text        not null,
  epoch      bigint      not null default 1,
  expires_at timestamptz not null
);

-- What was done to changes, by whom, why. The state of a change is a pure function of its rows.
create table sankofa.journal (
  id        bigint      generated always as identity primary key,
  at        timestamptz not null default clock_timestamp(),
  change_id text        not null,
  kind      text        not null constraint journal_kind_known check (kind in ('migration', 'flag', 'release', 'tunable')),
  type      text        not null,
  actor     text        not null,
  epoch     bigint,
  data      jsonb       not null default '{}'::jsonb
);
comment on column sankofa.journal.epoch is 'epoch of the leader that wrote it; null for what a person asked';
create index journal_change on sankofa.journal (change_id, id);

create function sankofa.refuse_rewrite() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger journal_append_only before update or delete or truncate on sankofa.journal
  for each statement execute function sankofa.refuse_rewrite();

create function sankofa.tell_journal() returns trigger language plpgsql as $$
begin
  perform pg_notify('sankofa_journal', new.change_id);
  return null;
end
$$;
create trigger journal_told after insert on sankofa.journal for each row execute function sankofa.tell_journal();

-- What the judge said of each window of each go: the evidence on the screen, and what a restart replays.
create table sankofa.judged_window (
  go_id        bigint           not null,
  window_start timestamptz      not null,
  change_id    text             not null,
  stage        int              not null,
  verdict      text             not null,
  log_evidence double precision not null,
  reading      jsonb            not null,
  judged_at    timestamptz      not null default clock_timestamp(),
  primary key (go_id, window_start, stage)
);
comment on column sankofa.judged_window.go_id is 'id of the journal row "started"; each go has its own salt and its own evidence';
comment on column sankofa.judged_window.log_evidence is 'natural logarithm of the largest weighted e-value; undone at ln(1/alpha)';
