-- One named token a machine, which may ask for a verdict and nothing else. A table of its own and not a kind of person:
-- a console of the release before knows no kinds, and would let a machine sign in.
create table sankofa.machine (
  name       text        primary key,
  token_hash bytea       not null unique,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz
);
