create table sankofa.incident (
  id          bigint      generated always as identity primary key,
  opened_at   timestamptz not null,
  closed_at   timestamptz,
  subject     text        not null,
  culprit     text,
  state       text        not null constraint incident_state_known check (state in ('open', 'recovered')),
  data        jsonb       not null default '{}'::jsonb
);
comment on column sankofa.incident.subject is 'what it is about: "change:demo-broken-checkout" or "rule:disk"';
create unique index incident_one_open on sankofa.incident (subject) where closed_at is null;

create table sankofa.rule_state (
  rule       text        primary key,
  state      text        not null constraint rule_state_known check (state in ('ok', 'pending', 'firing', 'recovering', 'unknown')),
  since      timestamptz not null,
  value      double precision,
  data       jsonb       not null default '{}'::jsonb,
  updated_at timestamptz not null default clock_timestamp()
);

-- At least once, in order, with a key that makes a second delivery of the same notice harmless.
create table sankofa.notice (
  id           bigint      generated always as identity primary key,
  at           timestamptz not null default clock_timestamp(),
  dedup_key    text        not null unique,
  incident_id  bigint      references sankofa.incident (id),
  audience     text        not null constraint notice_audience_known check (audience in ('developer', 'owner')),
  subject      text        not null,
  body         text        not null,
  data         jsonb       not null default '{}'::jsonb
);

create table sankofa.notice_delivery (
  notice_id    bigint      not null references sankofa.notice (id),
  channel      text        not null,
  state        text        not null default 'waiting' constraint notice_delivery_state_known check (state in ('waiting', 'delivered', 'gave-up')),
  tries        int         not null default 0,
  next_try_at  timestamptz not null default clock_timestamp(),
  last_error   text,
  delivered_at timestamptz,
  primary key (notice_id, channel)
);
create index notice_delivery_due on sankofa.notice_delivery (next_try_at) where state = 'waiting';
