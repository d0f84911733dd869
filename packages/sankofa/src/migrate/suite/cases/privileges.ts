import { type Case, differs, kept } from '../case.ts'

const account = `create table account (id bigint primary key, holder text, balance bigint);
create sequence account_number; create function nothing() returns void language sql as ''`

export const privileges: readonly Case[] = [
  {
    name: 'what was granted is revoked',
    base: account,
    up: `grant select, insert on account to pg_monitor; grant update (holder) on account to pg_monitor;
grant usage on sequence account_number to pg_monitor`,
    undo: `revoke select, insert on account from pg_monitor; revoke update (holder) on account from pg_monitor;
revoke usage on sequence account_number from pg_monitor`,
    expect: kept,
  },
  {
    name: 'one of two grants stays',
    base: account,
    up: 'grant select, insert on account to pg_monitor',
    undo: 'revoke insert on account from pg_monitor',
    expect: differs('changed table public.account'),
  },
  {
    name: 'the right to grant further is lost',
    base: `${account}; grant select on account to pg_monitor with grant option`,
    up: 'revoke select on account from pg_monitor',
    undo: 'grant select on account to pg_monitor',
    expect: differs('changed table public.account'),
  },
  {
    name: 'what was revoked is granted again',
    base: `${account}; grant select, update on account to pg_monitor with grant option; grant select (id) on account to pg_read_all_stats`,
    up: 'revoke all on account from pg_monitor; revoke all (id) on account from pg_read_all_stats',
    undo: 'grant select, update on account to pg_monitor with grant option; grant select (id) on account to pg_read_all_stats',
    expect: kept,
  },
  {
    name: 'a privilege on a column comes back for the whole table',
    base: `${account}; grant select (id) on account to pg_monitor`,
    up: 'revoke select (id) on account from pg_monitor',
    undo: 'grant select on account to pg_monitor',
    expect: differs('changed table public.account', 'changed column public.account.id'),
  },
  {
    name: 'nobody may run a function any more, and everybody may again',
    base: account,
    up: 'revoke execute on function nothing() from public',
    undo: 'grant execute on function nothing() to public',
    expect: kept,
  },
  {
    name: 'a new owner gives way to the old one',
    base: account,
    up: 'alter table account owner to pg_monitor',
    undo: 'alter table account owner to current_user',
    expect: kept,
  },
  {
    name: 'a new owner stays',
    base: account,
    up: 'alter function nothing() owner to pg_monitor',
    undo: '',
    expect: differs('changed function public.nothing()'),
  },
  {
    name: 'a dropped table comes back without who may read it',
    base: `${account}; create table rate (currency text primary key, units numeric); grant select on rate to public`,
    up: 'drop table rate',
    undo: 'create table rate (currency text primary key, units numeric)',
    expect: { ...differs('changed table public.rate'), loss: 'stashed' },
  },
  {
    name: 'what will be granted on new tables is as before',
    base: account,
    up: 'alter default privileges in schema public grant select on tables to pg_monitor; alter default privileges revoke execute on functions from public',
    undo: 'alter default privileges in schema public revoke select on tables from pg_monitor; alter default privileges grant execute on functions to public',
    expect: kept,
  },
  {
    name: 'what will be granted on new tables is forgotten',
    base: account,
    up: 'alter default privileges in schema public grant select on tables to pg_monitor',
    undo: '',
    expect: differs('left over default privileges tables in public of role postgres'),
  },
  {
    name: 'the undo of grants was not written',
    base: `${account}; grant select on account to pg_monitor`,
    up: 'revoke select on account from pg_monitor; grant insert on account to pg_read_all_stats with grant option; grant select (id) on account to public',
    expect: kept,
  },
]
