-- What every process reads. One row is one truth: the share, the salt and the stage change together.
create table sankofa.flag (
  flag       text        primary key,
  change_id  text,
  go_id      bigint,
  salt       text        not null default '',
  stage      int         not null default 0,
  share      double precision not null default 0 constraint flag_share_is_a_share check (share between 0 and 1),
  share_before double precision not null default 0 constraint flag_share_before_is_a_share check (share_before between 0 and 1),
  settled    boolean     not null default false,
  version    bigint      not null default 1,
  epoch      bigint      not null default 0,
  updated_at timestamptz not null default clock_timestamp()
);
comment on column sankofa.flag.share_before is 'share of the stage before: subjects between the two are newly drawn in this stage';

create table sankofa.tunable (
  tunable    text        primary key,
  value      jsonb       not null,
  value_before jsonb,
  change_id  text,
  version    bigint      not null default 1,
  epoch      bigint      not null default 0,
  updated_at timestamptz not null default clock_timestamp()
);

create function sankofa.tell_flags() returns trigger language plpgsql as $$
begin
  perform pg_notify('sankofa_flag', '');
  return null;
end
$$;
create trigger flag_told after insert or update on sankofa.flag for each statement execute function sankofa.tell_flags();
create trigger tunable_told after insert or update on sankofa.tunable for each statement execute function sankofa.tell_flags();

-- What is measured for a go, frozen when it starts: guards with their thresholds, and the share of subjects kept.
create table sankofa.watch (
  go_id       bigint      primary key,
  change_id   text        not null,
  guards      jsonb       not null,
  sample_rate double precision not null default 1,
  opened_at   timestamptz not null default clock_timestamp(),
  closed_at   timestamptz
);
create trigger watch_told after insert or update on sankofa.watch for each statement execute function sankofa.tell_flags();
