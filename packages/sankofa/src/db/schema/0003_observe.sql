-- One row a process and window, even when nothing happened: it is the heartbeat, and it counts what was dropped.
create table sankofa.process_report (
  window_start     timestamptz not null,
  process_id       text        not null,
  service          text        not null,
  release          text        not null,
  requests         bigint      not null,
  failures         bigint      not null,
  subjects         int         not null,
  subjects_failed  int         not null,
  dropped          jsonb       not null default '{}'::jsonb,
  gauges           jsonb       not null default '{}'::jsonb,
  attempts         jsonb       not null default '{}'::jsonb,
  subject_sketch   bytea       not null default ''::bytea,
  reported_at      timestamptz not null default clock_timestamp(),
  primary key (window_start, process_id)
);
comment on column sankofa.process_report.dropped is 'what could not be kept, by reason: {"cells": 3, "subjects": 0, "windows": 1}';
comment on column sankofa.process_report.gauges is 'cpu share, resident and heap bytes, event-loop delay in ms, of this process and of its host';

comment on column sankofa.process_report.attempts is 'business attempts begun and completed in the window: {"checkout": [12, 11]}';
comment on column sankofa.process_report.subject_sketch is 'the smallest keyed hashes among the subjects, 6 bytes each: distinct subjects of any period are estimated from them';

-- One route × status class × release × (one arm of one change, or all traffic) in one window.
create table sankofa.cell (
  window_start timestamptz not null,
  resolution_s int         not null default 10 constraint cell_resolution_known check (resolution_s in (10, 60, 3600)),
  process_id   text        not null,
  route        text        not null,
  status_class text        not null,
  release      text        not null,
  change_id    text        not null default '',
  arm          text        not null default 'all' constraint cell_arm_known check (arm in ('all', 'exposed', 'control')),
  n            bigint      not null,
  errors       bigint      not null,
  unanswered   bigint      not null default 0,
  sum_us       bigint      not null,
  max_us       bigint      not null,
  sum_pool_us  bigint      not null default 0,
  sum_db_us    bigint      not null default 0,
  sum_http_us  bigint      not null default 0,
  sum_flush_us bigint      not null default 0,
  histogram    bytea       not null,
  primary key (window_start, resolution_s, process_id, route, status_class, release, change_id, arm)
);
comment on column sankofa.cell.histogram is 'sparse log-linear, 32 buckets an octave, µs';
comment on column sankofa.cell.route is 'the route template; "(unmatched)" for what no route took; "(overflow)" past the cap';

-- The active subjects of one change and stage in one window, with a bit for each guard that the subject failed.
create table sankofa.subject_window (
  id           bigint      generated always as identity primary key,
  window_start timestamptz not null,
  process_id   text        not null,
  go_id        bigint      not null,
  stage        int         not null,
  subjects     bytea       not null,
  error_kinds  jsonb       not null default '[]'::jsonb,
  judged       boolean     not null default false,
  unique (go_id, window_start, stage, process_id)
);
create index subject_window_waiting on sankofa.subject_window (go_id, window_start) where not judged;
comment on column sankofa.subject_window.subjects is 'keyed hashes only; the codec is observe/subject-codec.ts';
comment on column sankofa.subject_window.judged is 'true once the judge has read it: a restart replays exactly these';

-- Kinds of error ever seen, so that a new kind is known to be new.
create table sankofa.bug (
  fingerprint text        primary key,
  route       text        not null,
  name        text        not null,
  release     text        not null,
  first_seen  timestamptz not null,
  last_seen   timestamptz not null,
  n           bigint      not null
);
