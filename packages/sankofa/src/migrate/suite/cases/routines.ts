import { type Case, differs, failsAgain, failsAlways, kept, stuck } from '../case.ts'

const wallet = 'create table wallet (id bigint primary key, balance bigint not null default 0, changed_at timestamptz)'
const fee = `create function fee(amount bigint, rate numeric default 0.01) returns bigint
language sql immutable strict parallel safe cost 5 as $$ select ceil(amount * rate)::bigint $$`
const stamp = `create function stamp() returns trigger language plpgsql as $$
begin
  new.changed_at := now();
  return new;
end
$$`
const stampTrigger = `create trigger wallet_stamp before update of balance on wallet
for each row when (old.balance is distinct from new.balance) execute function stamp()`
const stamped = `${wallet}; ${stamp}; ${stampTrigger}`
const guarded = `create function wallets() returns setof wallet language plpgsql stable security definer rows 10
set search_path = pg_catalog, public as $$ begin return query select * from public.wallet; end $$`

const nearly = (name: string, right: string, wrong: string, changed: string): Case => ({
  name,
  base: `${wallet}; ${right}`,
  up: `drop function if exists ${changed}`,
  undo: wrong,
  expect: differs(`changed function public.${changed}`),
})

export const routines: readonly Case[] = [
  {
    name: 'a new function goes again',
    base: wallet,
    up: fee,
    undo: 'drop function fee(bigint, numeric)',
    expect: kept,
  },
  {
    name: 'a new function is left over',
    base: wallet,
    up: fee.replace('create function', 'create or replace function'),
    undo: '',
    expect: differs('left over function public.fee(bigint, numeric)'),
  },
  {
    name: 'a new function is dropped with other arguments',
    base: wallet,
    up: fee,
    undo: 'drop function fee(bigint)',
    expect: failsAlways,
  },
  {
    name: 'a dropped function comes back',
    base: `${wallet}; ${fee}`,
    up: 'drop function fee',
    undo: fee,
    expect: kept,
  },
  {
    name: 'a dropped function comes back with who may run it, and as whom',
    base: `${wallet}; ${guarded}; revoke execute on function wallets() from public; grant execute on function wallets() to pg_monitor`,
    up: 'drop function wallets()',
    undo: `${guarded}; revoke execute on function wallets() from public; grant execute on function wallets() to pg_monitor`,
    expect: kept,
  },
  nearly('a function comes back volatile', fee, fee.replace('immutable ', ''), 'fee(bigint, numeric)'),
  nearly('a function comes back not strict', fee, fee.replace('strict ', ''), 'fee(bigint, numeric)'),
  nearly(
    'a function comes back without the default of an argument',
    fee,
    fee.replace(' default 0.01', ''),
    'fee(bigint, numeric)',
  ),
  nearly('a function comes back with another cost', fee, fee.replace('cost 5', 'cost 50'), 'fee(bigint, numeric)'),
  nearly('a function comes back with another body', fee, fee.replace('ceil', 'floor'), 'fee(bigint, numeric)'),
  nearly(
    'a function comes back with the rights of its caller',
    guarded,
    guarded.replace('security definer ', ''),
    'wallets()',
  ),
  nearly(
    'a function comes back without its search path',
    guarded,
    guarded.replace('set search_path = pg_catalog, public ', ''),
    'wallets()',
  ),
  nearly(
    'a function comes back with who may run it forgotten',
    `${guarded}; revoke execute on function wallets() from public`,
    guarded,
    'wallets()',
  ),
  {
    name: 'a replaced function is the old one again',
    base: `${wallet}; ${fee}`,
    up: fee.replace('create function', 'create or replace function').replace('0.01', '0.02').replace('ceil', 'floor'),
    undo: fee.replace('create function', 'create or replace function'),
    expect: kept,
  },
  {
    name: 'a function that got one more argument stands beside the old one',
    base: `${wallet}; create function half(amount bigint) returns bigint language sql as 'select amount / 2'`,
    up: "create or replace function half(amount bigint, times integer) returns bigint language sql as 'select amount / 2 ^ times'",
    undo: "create or replace function half(amount bigint) returns bigint language sql as 'select amount / 2'",
    expect: differs('left over function public.half(bigint, integer)'),
  },
  {
    name: 'a function cannot be replaced by one that returns something else',
    base: `${wallet}; create function half(amount bigint) returns bigint language sql as 'select amount / 2'`,
    up: "drop function half; create function half(amount bigint) returns numeric language sql as 'select amount / 2.0'",
    undo: "create or replace function half(amount bigint) returns bigint language sql as 'select amount / 2'",
    expect: failsAlways,
  },
  {
    name: 'a function with an SQL body and one that uses it come back',
    base: `${wallet};
create function rich(lowest bigint) returns bigint begin atomic select count(*) from wallet where wallet.balance >= lowest; end;
create function very_rich() returns bigint return rich(1000000)`,
    up: 'drop function very_rich(); drop function rich(bigint)',
    undo: `create function rich(lowest bigint) returns bigint begin atomic select count(*) from wallet where wallet.balance >= lowest; end;
create function very_rich() returns bigint return rich(1000000)`,
    expect: kept,
  },
  {
    name: 'a procedure comes back',
    base: `${wallet}; create procedure close(id bigint, inout closed boolean) language plpgsql as $$ begin closed := true; end $$`,
    up: 'drop procedure close',
    undo: 'create procedure close(id bigint, inout closed boolean) language plpgsql as $$ begin closed := true; end $$',
    expect: kept,
  },
  {
    name: 'a procedure comes back as a function',
    base: `${wallet}; create procedure close(id bigint) language plpgsql as $$ begin end $$`,
    up: 'drop procedure if exists close',
    undo: 'create function close(id bigint) returns void language plpgsql as $$ begin end $$',
    expect: failsAgain('changed function public.close(bigint)'),
  },
  {
    name: 'an aggregate comes back',
    base: `${wallet};
create function longest(before text, value text) returns text language sql immutable as 'select case when length(value) > length(before) then value else before end';
create aggregate longest_of(text) (sfunc = longest, stype = text, initcond = '')`,
    up: 'drop aggregate longest_of(text)',
    undo: "create aggregate longest_of(text) (sfunc = longest, stype = text, initcond = '')",
    expect: kept,
  },
  {
    name: 'a new trigger and its function go again',
    base: wallet,
    up: `${stamp}; ${stampTrigger}`,
    undo: 'drop trigger wallet_stamp on wallet; drop function stamp()',
    expect: kept,
  },
  {
    name: 'a new trigger goes with its function only by CASCADE',
    base: wallet,
    up: `${stamp}; ${stampTrigger}`,
    undo: 'drop function stamp()',
    expect: failsAlways,
  },
  {
    name: 'the function of a new trigger is left over',
    base: wallet,
    up: `${stamp}; ${stampTrigger}`,
    undo: 'drop trigger wallet_stamp on wallet',
    expect: stuck('left over function public.stamp()'),
  },
  {
    name: 'a dropped trigger comes back',
    base: stamped,
    up: 'drop trigger wallet_stamp on wallet',
    undo: stampTrigger,
    expect: kept,
  },
  {
    name: 'a dropped trigger comes back on every update',
    base: stamped,
    up: 'drop trigger if exists wallet_stamp on wallet',
    undo: stampTrigger.replace(' of balance', ''),
    expect: differs('changed trigger public.wallet.wallet_stamp'),
  },
  {
    name: 'a dropped trigger comes back without its condition',
    base: stamped,
    up: 'drop trigger if exists wallet_stamp on wallet',
    undo: 'create trigger wallet_stamp before update of balance on wallet for each row execute function stamp()',
    expect: differs('changed trigger public.wallet.wallet_stamp'),
  },
  {
    name: 'a dropped trigger comes back too late',
    base: stamped,
    up: 'drop trigger if exists wallet_stamp on wallet',
    undo: stampTrigger.replace('before', 'after'),
    expect: differs('changed trigger public.wallet.wallet_stamp'),
  },
  {
    name: 'a disabled trigger is enabled again',
    base: stamped,
    up: 'alter table wallet disable trigger wallet_stamp',
    undo: 'alter table wallet enable trigger wallet_stamp',
    expect: kept,
  },
  {
    name: 'a trigger that always fires does so only sometimes',
    base: `${stamped}; alter table wallet enable always trigger wallet_stamp`,
    up: 'alter table wallet disable trigger wallet_stamp',
    undo: 'alter table wallet enable trigger wallet_stamp',
    expect: differs('changed trigger public.wallet.wallet_stamp'),
  },
  {
    name: 'a trigger that looks at all rows at once comes back',
    base: `${wallet}; create function look() returns trigger language plpgsql as $$ begin perform 1 from gone; return null; end $$;
create trigger wallet_gone after delete on wallet referencing old table as gone for each statement execute function look('x', '2')`,
    up: 'drop trigger wallet_gone on wallet',
    undo: "create trigger wallet_gone after delete on wallet referencing old table as gone for each statement execute function look('x', '2')",
    expect: kept,
  },
  {
    name: 'a trigger that waits for the commit comes back',
    base: `${wallet}; create function look() returns trigger language plpgsql as $$ begin return null; end $$;
create constraint trigger wallet_even after insert or update on wallet deferrable initially deferred for each row execute function look()`,
    up: 'drop trigger wallet_even on wallet',
    undo: 'create constraint trigger wallet_even after insert or update on wallet deferrable initially deferred for each row execute function look()',
    expect: kept,
  },
  {
    name: 'a view that takes rows by a trigger takes them again',
    base: `${wallet}; create view rich as select wallet.id, wallet.balance from wallet where wallet.balance > 1000;
create function put() returns trigger language plpgsql as $$ begin insert into wallet values (new.id, new.balance); return new; end $$;
create trigger rich_put instead of insert on rich for each row execute function put()`,
    up: 'drop trigger rich_put on rich',
    undo: 'create trigger rich_put instead of insert on rich for each row execute function put()',
    expect: kept,
  },
  {
    name: 'a rule comes back',
    base: `${wallet}; create rule wallet_stays as on delete to wallet where old.balance > 0 do instead nothing`,
    up: 'drop rule wallet_stays on wallet',
    undo: 'create rule wallet_stays as on delete to wallet where old.balance > 0 do instead nothing',
    expect: kept,
  },
  {
    name: 'a rule comes back for every row',
    base: `${wallet}; create rule wallet_stays as on delete to wallet where old.balance > 0 do instead nothing`,
    up: 'drop rule if exists wallet_stays on wallet',
    undo: 'create rule wallet_stays as on delete to wallet do instead nothing',
    expect: differs('changed rule public.wallet.wallet_stays'),
  },
  {
    name: 'a trigger on the schema itself goes again',
    base: wallet,
    up: `create function watch() returns event_trigger language plpgsql as $$ begin null; end $$;
create event trigger watched on ddl_command_end when tag in ('CREATE VIEW') execute function watch()`,
    undo: 'drop event trigger watched; drop function watch()',
    expect: kept,
  },
  {
    name: 'a cast, an operator and its function come back',
    base: `create type pair as (a integer, b integer);
create function total(one pair) returns integer language sql immutable as 'select one.a + one.b';
create function same(one pair, other pair) returns boolean language sql immutable as 'select total(one) = total(other)';
create operator === (leftarg = pair, rightarg = pair, function = same, commutator = ===);
create cast (pair as integer) with function total(pair) as assignment`,
    up: 'drop cast (pair as integer); drop operator === (pair, pair); drop function same(pair, pair)',
    undo: `create function same(one pair, other pair) returns boolean language sql immutable as 'select total(one) = total(other)';
create operator === (leftarg = pair, rightarg = pair, function = same, commutator = ===);
create cast (pair as integer) with function total(pair) as assignment`,
    expect: kept,
  },
  {
    name: 'the undo of a replaced function and a dropped trigger was not written',
    base: stamped,
    up: `drop trigger wallet_stamp on wallet; create or replace function stamp() returns trigger language plpgsql security definer as $$ begin return old; end $$`,
    expect: kept,
  },
]
