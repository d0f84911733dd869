/** Queries over the rich schema, one a line: each version writes a view down in its own way. */
export const richViews: readonly string[] = `
select * from shop.orders
select id, total as t2, state from shop.orders o where o.total > 5 order by o.id desc nulls last limit 3
select distinct on (customer_id) customer_id, id from shop.orders order by customer_id, id
select customer_id, count(*), sum(total) filter (where state = 'paid') as s, array_agg(id order by id desc) from shop.orders group by customer_id having count(*) > 1
select customer_id, state, count(*) from shop.orders group by grouping sets ((customer_id), (state), ())
select customer_id, state, count(*) from shop.orders group by rollup (customer_id, state)
select lower(state::text) as l, count(*) from shop.orders group by lower(state::text)
select lower(state::text) as l, count(*) from shop.orders group by 1 order by 1
select o.id, c.name from shop.orders o join shop.customer c on c.id = o.customer_id left join shop.line l on l.order_id = o.id
select id, c.name from shop.orders join shop.customer c using (id)
select * from shop.orders natural join shop.line
select id from shop.orders union all select order_id from shop.line union select 5
select id from shop.orders where total > (select avg(total) from shop.orders x where x.customer_id = orders.customer_id)
select id, (select count(*) from shop.line where order_id = o.id) as lines from shop.orders o
select id from shop.orders where exists (select from shop.line where order_id = id) and id in (select order_id from shop.line)
with a as (select id, total from shop.orders), b as materialized (select * from a) select b.id, a.total from a, b where a.id = b.id
select id, row_number() over (partition by customer_id order by id rows between 1 preceding and current row exclude ties) as rn, lag(total, 1) over w from shop.orders window w as (order by at)
select x.id, y.n from shop.orders x cross join lateral (select n from shop.line where order_id = x.id limit 1) y
select g from generate_series(1, 5) g
select g.a, g.o from unnest(array[1,2], array['a','b']) with ordinality as g(a, b, o)
select * from (values (1, 'a'), (2, 'b')) v (n, s)
select 1 as one
select 1, 'text' as t, null as n, now() as w, current_user as u, current_date as d, localtimestamp as l, session_user
select id, case state when 'new' then 1 else 2 end as c, case when total > 5 then 'x' end as c2, coalesce(total, 0) as co, nullif(total, 5) as ni, greatest(id, 5) as g from shop.orders
select extract(epoch from at) as e, at at time zone 'UTC' as u, at + interval '1 day' as i, date_trunc('day', at) as d, overlay('abc' placing 'x' from 1) as ov, substring('abc' from 2 for 1) as su, position('a' in 'abc') as po, trim(both 'x' from 'xax') as tr from shop.orders
select tags[1] as a, tags[1:2] as s, array[id, 2] as arr, 'a' = any (tags) as an, data -> 'a' as j, data #>> '{a,b}' as p, data['a'] as sub, data @> '{"a":1}' as c from shop.customer
select name collate "C" as n, name || 'x' as c, name like 'a%' as l, name ilike 'b' as il, name ~ '^a' as r, name similar to 'a|b' as si, name is not null as nn, not (score > 1) as no, -score as neg, score::int as i, score::numeric(10,2) as nu from shop.customer
select upper(during) as u, during @> now() as c from shop.orders
select * from shop.orders for update
select id from shop.orders tablesample bernoulli (10) repeatable (3)
select id from only shop.parent
select xmlelement(name foo, xmlattributes(id as bar), 'x') as x from shop.orders
select percentile_cont(0.5) within group (order by total) as p, string_agg(state::text, ',' order by id) as s, json_agg(o) as j from shop.orders o
select o from shop.orders o
select o.* from shop.orders o
select id from shop.orders order by id fetch first 3 rows with ties
select id as "Id", total as "select" from shop.orders
select a.id from shop.self a, shop.self b where a.parent = b.id
select (select max(id) from shop.orders) as m
select sum(qty) from shop.line
select true as t, date '2020-01-01' as d, timestamp '2020-01-01 10:00' as ts, 1.50 as n, 1e10 as e, b'101' as b, x'1f' as x, interval '1-2' year to month as iv, '{1,2}'::int[] as ia, -5 as neg, 12345678901 as big, '1 day'::interval as iv2, time '10:00' as ti, 'infinity'::float as inf
select id from shop.orders where (id, total) in ((1, 2), (3, 4)) or row(id, total) > row(1, 2)
select id from shop.orders where at between '2020-01-01' and '2021-01-01' and (at, at) overlaps (now(), interval '1 day')
select j.* from shop.customer, jsonb_to_recordset(data) as j (a int, b text)
select * from rows from (generate_series(1, 2), generate_series(1, 3)) as x (a, b)
select * from shop.view_1
select customer_id as c, 1 as k from shop.orders group by customer_id, k
select 5 as five from shop.orders order by five
select id + 0 as i from shop.orders order by id + 0
select distinct state from shop.orders
select a.id, b.id as b from (shop.orders a left join shop.line l on l.order_id = a.id) join shop.customer b on b.id = a.customer_id
select xmax, ctid, tableoid::regclass from shop.orders
select 'shop.orders'::regclass as r, 'x'::name as n
select normalize('x') as n, 'x' is normalized as b, cast(null as int) as z
select json_build_object('a', 1), to_jsonb(o) from shop.orders o
select id as total, -total as id from shop.orders order by orders.id
select o.total as id from shop.orders o order by o.id
select o.total as id, o.id as total from shop.orders o order by o.id, o.total desc
select distinct on (o.id) -o.id as id from shop.orders o order by o.id
select distinct on (o.id) o.total as id from shop.orders o order by o.id
select lower(o.state::text) as state from shop.orders o group by o.state
select lower(o.state::text) as state from shop.orders o group by o.state order by o.state
select row_number() over (order by o.id) as r, -o.id as id from shop.orders o
select row_number() over w as r, -o.id as id from shop.orders o window w as (partition by o.total order by o.id)
select "Q ""u.x".id, 'é.ü' as "A.b" from shop.orders "Q ""u.x" where 'ñ' <> '' and "Q ""u.x".total > 5
select t from (select o as t from shop.orders o) x
select x.a from (select a.id as a from shop.orders a where a.id in (select order_id from shop.line)) x
select (o.p).a, (o).total, array(select o.id) as arr from shop.orders o
with o as (select id from shop.orders) select id from o
with o as (select id from shop.orders) select o.id from o where o.id in (select id from o)
select id from shop.orders where total > all (select total from shop.orders) order by total using >
select state, sum(total) over (order by at range between '1 day' preceding and current row) from shop.orders
select o.id + 1 as id from shop.orders o order by o.id + 1
select o.id + 1 as id from shop.orders o order by -o.id
select count(*) as id from shop.orders o group by o.id order by o.id
select count(distinct o.id order by o.id) as id from shop.orders o
select string_agg(o.state::text, ',' order by o.id) as id from shop.orders o
select o.id from shop.orders o for update of o
select shop.orders.id from shop.orders
select id from shop.orders o (id, b, c)
select orders.id from shop.orders union select line.order_id from shop.line order by 1
(select orders.id from shop.orders limit 1)
values (1, 'a'), (2, 'b')
table shop.self
select row_number() over (partition by o.id order by o.total) as r, -o.id as id from shop.orders o
select row_number() over (partition by o.id, o.total order by o.id desc, -o.total) as total, -o.id as id from shop.orders o
select percentile_cont(0.5) within group (order by o.total) as total from shop.orders o
select array_agg(o.id order by o.id, o.total desc) filter (where o.id > 3) as total from shop.orders o
select rank() over (order by o.id) as id, o.id as r from shop.orders o order by o.id, r
with recursive tree as (select id, parent, 1 as depth from shop.self where parent is null union all select s.id, s.parent, t.depth + 1 from shop.self s join tree t on t.id = s.parent) search depth first by id set ord cycle id set cyc using pth select id, depth from tree
select (p).a, (p).b, p is null as nn, p is distinct from row(1, 'a')::shop.pair as di from shop.orders
`
  .trim()
  .split('\n')
