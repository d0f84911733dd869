-- What the running releases send: the proof of a migration runs these on the new schema. Expand only.
create table sankofa.statement (
  id              text        primary key,
  text            text        not null,
  parameter_types text[]      not null default '{}'::text[],
  first_seen      timestamptz not null,
  last_seen       timestamptz not null
);
comment on table sankofa.statement is 'texts with every literal as $n, and shapes; never a value of a parameter or of a text';
comment on column sankofa.statement.id is 'hash of the text';
comment on column sankofa.statement.parameter_types is 'one for each $n: kinds of JavaScript value, or the PostgreSQL type of a literal';

create table sankofa.statement_route (
  statement_id text        not null references sankofa.statement (id) on delete cascade,
  route        text        not null,
  release      text        not null,
  n            bigint      not null,
  succeeded    boolean     not null default false,
  first_seen   timestamptz not null,
  last_seen    timestamptz not null,
  primary key (statement_id, route, release)
);
create index statement_route_age on sankofa.statement_route (last_seen);
comment on column sankofa.statement_route.route is 'the route template; "(no request)" for what ran outside of a request';
comment on column sankofa.statement_route.succeeded is 'did PostgreSQL ever take it without an error?';
