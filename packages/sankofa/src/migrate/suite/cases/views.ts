import { type Case, differs, failsAlways, kept, stashed, stuck } from '../case.ts'

const orders = `create table customer (id bigint primary key, name text not null, active boolean not null default true);
create table purchase (id bigint primary key, customer_id bigint references customer (id), amount numeric(10, 2) not null, made_at timestamptz)`
const active = 'create view active_customer as select customer.id, customer.name from customer where customer.active'
const big = `create view big_purchase with (security_barrier, security_invoker = true) as
select purchase.id, purchase.amount from purchase where purchase.amount > 100
with local check option`
const turnover = `create materialized view turnover as
select purchase.customer_id, sum(purchase.amount) as total, count(*) as purchases
  from purchase group by purchase.customer_id having count(*) > 0`
const turnoverIndex = 'create unique index turnover_customer on turnover (customer_id)'

export const views: readonly Case[] = [
  { name: 'a new view goes again', base: orders, up: active, undo: 'drop view active_customer', expect: kept },
  {
    name: 'a new view is left over',
    base: orders,
    up: active.replace('create view', 'create or replace view'),
    undo: '',
    expect: differs('left over view public.active_customer'),
  },
  {
    name: 'a dropped view comes back',
    base: `${orders}; ${active}`,
    up: 'drop view active_customer',
    undo: active,
    expect: kept,
  },
  {
    name: 'a dropped view comes back with its settings',
    base: `${orders}; ${big}`,
    up: 'drop view big_purchase',
    undo: big,
    expect: kept,
  },
  {
    name: 'a dropped view comes back without its settings',
    base: `${orders}; ${big}`,
    up: 'drop view if exists big_purchase',
    undo: 'create view big_purchase as select purchase.id, purchase.amount from purchase where purchase.amount > 100',
    expect: differs('changed view public.big_purchase'),
  },
  {
    name: 'a dropped view comes back with another condition',
    base: `${orders}; ${active}`,
    up: 'drop view if exists active_customer',
    undo: 'create view active_customer as select customer.id, customer.name from customer where not customer.active',
    expect: differs('changed view public.active_customer'),
  },
  {
    name: 'a dropped view comes back with its columns exchanged',
    base: `${orders}; ${active}`,
    up: 'drop view if exists active_customer',
    undo: 'create view active_customer as select customer.name, customer.id from customer where customer.active',
    expect: differs('changed view public.active_customer'),
  },
  {
    name: 'a dropped view comes back in another layout of its text',
    base: `${orders}; ${active}`,
    up: 'drop view active_customer',
    undo: `CREATE VIEW active_customer AS
  SELECT c.id,
         c.name
    FROM customer AS c
   WHERE c.active`,
    expect: differs('changed view public.active_customer'),
    because: 'the alias is part of what PostgreSQL keeps; white space and case of words are not',
  },
  {
    name: 'a dropped view comes back in another case and with other white space',
    base: `${orders}; ${active}`,
    up: 'drop view active_customer',
    undo: `CREATE VIEW active_customer AS
  SELECT customer.id,
         customer.name
    FROM customer
   WHERE customer.active`,
    expect: kept,
  },
  {
    name: 'a replaced view is the old one again',
    base: `${orders}; ${active}`,
    up: "create or replace view active_customer as select customer.id, customer.name || '!' as name from customer where customer.active",
    undo: active.replace('create view', 'create or replace view'),
    expect: kept,
  },
  {
    name: 'a view that got one more column cannot be replaced by the old one',
    base: `${orders}; ${active}`,
    up: 'create or replace view active_customer as select customer.id, customer.name, customer.active from customer',
    undo: active.replace('create view', 'create or replace view'),
    expect: failsAlways,
  },
  {
    name: 'a view that got one more column is dropped and made again',
    base: `${orders}; ${active}; grant select on active_customer to pg_read_all_stats; comment on view active_customer is 'who buys'`,
    up: 'create or replace view active_customer as select customer.id, customer.name, customer.active from customer',
    undo: `drop view active_customer; ${active}; grant select on active_customer to pg_read_all_stats; comment on view active_customer is 'who buys'`,
    expect: kept,
  },
  {
    name: 'a view that is made again loses its privileges and its comment',
    base: `${orders}; ${active}; grant select on active_customer to pg_read_all_stats; comment on view active_customer is 'who buys'`,
    up: 'create or replace view active_customer as select customer.id, customer.name, customer.active from customer',
    undo: `drop view active_customer; ${active}`,
    expect: differs('changed view public.active_customer'),
  },
  {
    name: 'a view on a view comes back after it',
    base: `${orders}; ${active}; create view first_customer (number) as select min(active_customer.id) from active_customer`,
    up: 'drop view first_customer; drop view active_customer',
    undo: `${active}; create view first_customer (number) as select min(active_customer.id) from active_customer`,
    expect: kept,
  },
  {
    name: 'a view on a view comes back before it',
    base: `${orders}; ${active}; create view first_customer as select min(active_customer.id) as id from active_customer`,
    up: 'drop view active_customer cascade',
    undo: `create view first_customer as select min(active_customer.id) as id from active_customer; ${active}`,
    expect: failsAlways,
  },
  {
    name: 'a recursive view comes back',
    base: `create table part (id bigint primary key, within bigint references part (id));
create recursive view tree (id, depth) as
select part.id, 0 from part where part.within is null
union all
select part.id, tree.depth + 1 from part join tree on part.within = tree.id`,
    up: 'drop view tree',
    undo: `create recursive view tree (id, depth) as
select part.id, 0 from part where part.within is null
union all
select part.id, tree.depth + 1 from part join tree on part.within = tree.id`,
    expect: kept,
  },
  {
    name: 'a renamed view and its column get their names back',
    base: `${orders}; ${active}`,
    up: 'alter view active_customer rename column name to called; alter view active_customer rename to customer_now',
    undo: 'alter view customer_now rename to active_customer; alter view active_customer rename column called to name',
    expect: kept,
  },
  {
    name: 'the default of a column of a view comes back',
    base: `${orders}; ${active}; alter view active_customer alter column name set default 'nobody'`,
    up: 'alter view active_customer alter column name drop default',
    undo: "alter view active_customer alter column name set default 'nobody'",
    expect: kept,
  },
  {
    name: 'a setting of a view is forgotten',
    base: `${orders}; ${active}`,
    up: 'alter view active_customer set (security_barrier = true)',
    undo: 'alter view active_customer set (security_barrier = false)',
    expect: differs('changed view public.active_customer'),
  },
  {
    name: 'a materialized view comes back with its index',
    base: `${orders}; ${turnover}; ${turnoverIndex}`,
    up: 'drop materialized view turnover',
    undo: `${turnover}; ${turnoverIndex}`,
    expect: kept,
  },
  {
    name: 'a materialized view comes back without its index',
    base: `${orders}; ${turnover}; ${turnoverIndex}`,
    up: 'drop materialized view if exists turnover',
    undo: turnover,
    expect: differs('missing index public.turnover_customer'),
  },
  {
    name: 'a materialized view comes back empty',
    base: `${orders}; ${turnover}`,
    up: 'drop materialized view if exists turnover',
    undo: `${turnover} with no data`,
    expect: differs('changed materialized view public.turnover'),
  },
  {
    name: 'a materialized view becomes a view and is one that is kept again',
    base: `${orders}; ${turnover}`,
    up: `drop materialized view turnover; create view turnover as select purchase.customer_id, sum(purchase.amount) as total from purchase group by purchase.customer_id`,
    undo: `drop view turnover; ${turnover}`,
    expect: kept,
  },
  {
    name: 'a view that stood in the way of a wider column comes back',
    base: `${orders}; ${active}`,
    up: `drop view active_customer; alter table customer alter column name type varchar(500); ${active}`,
    undo: `drop view active_customer; alter table customer alter column name type text; ${active}`,
    expect: stashed,
    because: 'of a text that is longer, varchar(500) cuts off spaces at the end',
  },
  {
    name: 'a view that stands in the way of the undo was forgotten',
    base: orders,
    up: `alter table customer add column city text; create view customer_city as select customer.id, customer.city from customer`,
    undo: 'alter table customer drop column city',
    expect: failsAlways,
  },
  {
    name: 'a dropped column and the view on it come back',
    base: `${orders}; create view dated as select purchase.id, purchase.made_at from purchase where purchase.made_at is not null`,
    up: 'drop view dated; alter table purchase drop column made_at',
    undo: 'alter table purchase add column made_at timestamptz; create view dated as select purchase.id, purchase.made_at from purchase where purchase.made_at is not null',
    expect: stashed,
  },
  {
    name: 'a view is missing, and so up cannot be repeated',
    base: `${orders}; ${active}`,
    up: 'drop view active_customer',
    undo: '',
    expect: stuck('missing view public.active_customer'),
  },
  {
    name: 'the undo of dropped views was not written',
    base: `${orders}; ${active}; create view first_customer as select min(active_customer.id) as id from active_customer; ${turnover}; ${turnoverIndex}`,
    up: 'drop view active_customer cascade; drop materialized view turnover',
    expect: kept,
  },
]
