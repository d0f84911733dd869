/** A schema with one of everything that makes rows hard to find. */
export const nastySchema = `
create schema shop;
create extension citext; create extension ltree; create extension btree_gist; create extension pg_trgm;
create extension hstore;

create type shop.mood as enum ('glad', 'so so', 'angry');
create domain shop.email as text check (value ~* '^[^@ ]+@[^@ ]+\\.[a-z]{2,}$');
create domain shop.percent as numeric(5, 2) not null check (value >= 0 and value <= 100);
create domain shop.work_email as shop.email check (value like '%@work.example');
create type shop.address as (street text, number int, mood shop.mood);
create type shop.pesewa_range as range (subtype = bigint);

create table shop.every_type (
  id bigint generated always as identity primary key,
  a_int2 int2 not null, a_int4 int4, an_int8 int8, a_numeric numeric, narrow numeric(3, 2) not null, tens numeric(3, -1),
  a_float4 float4, a_float8 float8, a_money money, a_bool bool not null, a_text text not null, a_char char(3) not null,
  one "char", a_varchar varchar(2) not null, a_name name, a_citext citext, a_bytea bytea not null, a_uuid uuid not null,
  a_date date not null, a_time time, a_timetz timetz, a_timestamp timestamp(0), a_timestamptz timestamptz not null,
  an_interval interval not null, hours interval hour to minute, a_json json not null, a_jsonb jsonb not null, a_path jsonpath,
  an_xml xml, an_inet inet not null, a_cidr cidr not null, a_mac macaddr not null, a_mac8 macaddr8 not null,
  a_bit bit(5) not null, a_varbit varbit(7) not null, a_point point not null, a_line line not null, a_lseg lseg not null,
  a_box box not null, a_geo_path path not null, a_polygon polygon not null, a_circle circle not null,
  a_vector tsvector not null, a_query tsquery not null, an_lsn pg_lsn not null, an_oid oid not null, a_class regclass not null,
  a_tree ltree not null, a_store hstore not null,
  a_mood shop.mood not null, an_email shop.email not null, a_percent shop.percent, a_work_email shop.work_email not null,
  an_address shop.address not null, a_pesewa_range shop.pesewa_range not null,
  some_ints int[] not null, some_texts text[] not null, a_matrix int[][] not null, some_moods shop.mood[] not null,
  some_emails shop.email[] not null, some_addresses shop.address[] not null, some_boxes box[] not null,
  an_int_range int4range not null, a_num_range numrange not null, a_date_range daterange not null,
  a_time_range tstzrange not null, some_ranges int8multirange not null,
  doubled int generated always as (a_int2 * 2) stored
);

create table shop.checked (
  id serial primary key,
  state text not null check (state in ('new', 'paid', 'sent')),
  size varchar(10) check (size = any (array['S', 'M', 'L'])),
  amount int not null constraint positive check (amount > 0),
  rate numeric(4, 3) not null check (rate > 0 and rate < 1),
  code text not null check (code ~ '^[A-Z]{3}-[0-9]{4}$'),
  slug text not null check (slug = lower(slug) and length(slug) between 3 and 12 and slug not like '% %'),
  pin char(4) not null check (pin ~ '^\\d+$' and char_length(pin) = 4),
  digest bytea not null check (octet_length(digest) = 32),
  starts date not null, ends date not null, check (ends > starts), check (ends - starts < 60),
  low int, high int not null, check (low < high),
  by_card text, by_cash text, by_momo text, constraint one_way check (num_nonnulls(by_card, by_cash, by_momo) = 1),
  shipped_at timestamptz, tracking text, check ((shipped_at is null) = (tracking is null)),
  check (state <> 'sent' or shipped_at is not null),
  kind jsonb not null check (jsonb_typeof(kind) = 'object' and kind ? 'v'),
  tags text[] not null check (cardinality(tags) > 0),
  trimmed text not null check (trimmed = btrim(trimmed) and trimmed <> ''),
  even int not null check (even % 2 = 0 and even between 10 and 20),
  span int4range not null check (not isempty(span) and lower(span) >= 5)
);

create table shop.uniques (
  a int not null, b int not null, flag boolean not null, name text not null, mail citext, nothing text,
  primary key (a, b), unique (name), unique nulls not distinct (nothing),
  check (a between 1 and 2)
);
create unique index uniques_name_lower on shop.uniques (lower(name));
create unique index uniques_one_flag on shop.uniques (flag) where flag;
create unique index uniques_mail on shop.uniques (mail) where mail is not null;
create table shop.only_one (id boolean primary key default true check (id), value text);

create table shop.room (id int primary key, name text not null);
create table shop.booking (
  room int not null references shop.room, during tstzrange not null, first date not null, last date not null,
  check (first <= last),
  exclude using gist (room with =, during with &&),
  exclude using gist (room with =, daterange(first, last, '[]') with &&)
);

create table shop.person (
  id uuid primary key default gen_random_uuid(), boss uuid references shop.person, best_friend uuid not null references shop.person,
  email shop.email not null unique
);
create table shop.hen (id int primary key, egg int not null);
create table shop.egg (id int primary key, hen int not null references shop.hen);
alter table shop.hen add foreign key (egg) references shop.egg;
create table shop.sun (id int primary key, moon int);
create table shop.moon (id int primary key, sun int not null references shop.sun deferrable initially deferred);
alter table shop.sun add foreign key (moon) references shop.moon;

create table shop.tenant (id int primary key);
create table shop.account (tenant int not null references shop.tenant, id int, primary key (tenant, id));
create table shop.product (tenant int not null references shop.tenant, id int, primary key (tenant, id));
create table shop.line (
  tenant int not null, account int not null, product int not null, id bigint generated by default as identity,
  primary key (tenant, id), unique (tenant, account, product),
  foreign key (tenant, account) references shop.account, foreign key (tenant, product) references shop.product
);
create table shop.profile (tenant int, account int, bio text, primary key (tenant, account),
  foreign key (tenant, account) references shop.account match full);

create table shop.entry (id int not null, at timestamptz not null, region text not null, primary key (id, at, region))
  partition by range (at);
create table shop.entry_2023 partition of shop.entry for values from ('2023-01-01') to ('2024-01-01') partition by list (region);
create table shop.entry_2023_gh partition of shop.entry_2023 for values in ('GH', 'NG');
create table shop.entry_2024 partition of shop.entry for values from ('2024-01-01') to ('2025-01-01');
create table shop.shard (id int primary key, value text) partition by hash (id);
create table shop.shard_0 partition of shop.shard for values with (modulus 2, remainder 0);
create table shop.shard_1 partition of shop.shard for values with (modulus 2, remainder 1);
create table shop.no_partition (id int) partition by range (id);

create table shop.animal (id int primary key, name text not null);
create table shop.dog (bark text not null) inherits (shop.animal);

create table shop.secret (id int primary key, owner text not null);
alter table shop.secret enable row level security;
alter table shop.secret force row level security;
create policy nobody on shop.secret using (false);

create table shop.audited (id int primary key, value text);
create table shop.audit (id serial primary key, audited int not null unique references shop.audited);
create function shop.audit() returns trigger language plpgsql as $$
begin insert into shop.audit (audited) values (new.id); return new; end $$;
create trigger audit after insert on shop.audited for each row execute function shop.audit();

create table shop.picky (id int primary key, amount int not null, word text not null);
create function shop.pick() returns trigger language plpgsql as $$
begin
  if new.amount % 3 <> 0 then raise exception 'amount must be a multiple of three'; end if;
  return new;
end $$;
create trigger pick before insert on shop.picky for each row execute function shop.pick();

create table shop.closed (id int primary key);
create function shop.close() returns trigger language plpgsql as $$ begin raise exception 'the shop is closed'; end $$;
create trigger close before insert on shop.closed for each row execute function shop.close();
create table shop.behind_closed (id int primary key, closed int not null references shop.closed);
create table shop.beside_closed (id int primary key, closed int references shop.closed, other int references shop.room);
create table shop.swallowed (id int primary key);
create function shop.swallow() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger swallow before insert on shop.swallowed for each row execute function shop.swallow();

create function shop.is_lucky(value int) returns boolean language sql immutable as 'select value in (7, 77)';
create table shop.lucky (id serial primary key, number int not null check (shop.is_lucky(number)), spare int);
create table shop."Odd ""Name" ("select" int primary key, "Größe" text not null, "it's" text not null default 'x');
create table shop.no_columns ();
create table shop.only_defaults (id int generated always as identity);
create view shop.rooms as select * from shop.room;
create materialized view shop.all_rooms as select * from shop.room;
`
