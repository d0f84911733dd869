-- Expand: what runs of each service behind a gateway, and what goes out. One row is one truth, as for a flag.
create table sankofa.release_split (
  service      text        not null,
  current_release text     not null,
  next_release text,
  change_id    text,
  go_id        bigint,
  salt         text        not null default '',
  stage        int         not null default 0,
  share        double precision not null default 0 constraint release_split_share_is_a_share check (share between 0 and 1),
  share_before double precision not null default 0 constraint release_split_share_before_is_a_share check (share_before between 0 and 1),
  version      bigint      not null default 1,
  epoch        bigint      not null default 0,
  updated_at   timestamptz not null default clock_timestamp(),
  constraint release_split_pkey primary key (service)
);
comment on column sankofa.release_split.current_release is 'what everybody gets who is not drawn for next_release';
create trigger release_split_told after insert or update on sankofa.release_split
  for each statement execute function sankofa.tell_flags();

-- Everything that was ever made: what it is, where it came from, how large it is beside the one before, what is new in it.
create table sankofa.release (
  service    text        not null,
  release_id text        not null,
  manifest   jsonb       not null,
  size       jsonb,
  news       jsonb,
  made_at    timestamptz not null default clock_timestamp(),
  constraint release_pkey primary key (service, release_id)
);

-- Who wants a release to run without requests: a deployer that starts it beside the old one, a proof that tries the old one.
create table sankofa.release_wanted (
  service    text        not null,
  release_id text        not null,
  purpose    text        not null constraint release_wanted_purpose check (purpose in ('serve', 'rehearse')),
  wanted_by  text        not null,
  wanted_at  timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  constraint release_wanted_pkey primary key (service, release_id, purpose)
);
comment on column sankofa.release_wanted.expires_at is 'who died does not keep a process for ever';

-- What the hosts answer.
create table sankofa.release_host (
  service     text        not null,
  host        text        not null,
  gateway     jsonb       not null default '{}',
  reported_at timestamptz not null default clock_timestamp(),
  constraint release_host_pkey primary key (service, host)
);
create table sankofa.release_process (
  service       text        not null,
  host          text        not null,
  release_id    text        not null,
  purpose       text        not null,
  state         text        not null,
  pid           int,
  origin        text,
  checks        jsonb       not null default '[]',
  restarts      int         not null default 0,
  error         text,
  in_flight     int,
  started_in_ms int,
  since         timestamptz not null,
  reported_at   timestamptz not null default clock_timestamp(),
  constraint release_process_pkey primary key (service, host, release_id, purpose)
);

create function sankofa.tell_releases() returns trigger language plpgsql as $$
begin
  perform pg_notify('sankofa_release', '');
  return null;
end
$$;
create trigger release_wanted_told after insert or update or delete on sankofa.release_wanted
  for each statement execute function sankofa.tell_releases();
