-- One named token a person, so that the journal knows who. Only the hash is kept.
create table sankofa.person (
  name       text        primary key,
  token_hash bytea       not null unique,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz
);

create table sankofa.session (
  id_hash    bytea       primary key,
  person     text        not null references sankofa.person (name),
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
