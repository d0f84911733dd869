import { type Case, differs, failsAlways, kept, stashed, stuck } from '../case.ts'

export const extensions: readonly Case[] = [
  {
    name: 'a new extension and the index that needs it go again',
    base: 'create table article (id bigint primary key, title text not null)',
    up: 'create extension pg_trgm; create index article_title on article using gin (title gin_trgm_ops)',
    undo: 'drop index article_title; drop extension pg_trgm',
    expect: kept,
  },
  {
    name: 'a new extension is left over',
    base: 'create table article (id bigint primary key, title text not null)',
    up: 'create extension if not exists pg_trgm',
    undo: '',
    expect: differs('left over extension pg_trgm'),
  },
  {
    name: 'a new extension is left over, and so up cannot be repeated',
    base: 'create table article (id bigint primary key)',
    up: 'create extension ltree; alter table article add column path ltree',
    undo: 'alter table article drop column path',
    expect: stuck('left over extension ltree'),
  },
  {
    name: 'an extension that a column needs cannot go first',
    base: 'create table person (id bigint primary key)',
    up: 'create extension citext; alter table person add column email citext unique',
    undo: 'drop extension citext; alter table person drop column email',
    expect: failsAlways,
  },
  {
    name: 'a text that became a citext is a text again',
    base: 'create extension citext; create table person (id bigint primary key, email text)',
    up: 'alter table person alter column email type citext',
    undo: 'alter table person alter column email type text',
    expect: kept,
  },
  {
    name: 'a dropped extension comes back with the column that went with it',
    base: 'create extension ltree; create table category (id bigint primary key, path ltree)',
    up: 'drop extension ltree cascade',
    undo: 'create extension ltree; alter table category add column path ltree',
    expect: stashed,
  },
  {
    name: 'a dropped extension comes back in another schema',
    base: 'create schema tools; create extension pgcrypto with schema tools',
    up: 'drop extension if exists pgcrypto',
    undo: 'create extension pgcrypto',
    expect: differs('changed extension pgcrypto'),
  },
  {
    name: 'a dropped extension comes back in its schema',
    base: 'create schema tools; create extension pgcrypto with schema tools',
    up: 'drop extension pgcrypto',
    undo: 'create extension pgcrypto with schema tools',
    expect: kept,
  },
  {
    name: 'the undo of a new extension was not written',
    base: 'create table article (id bigint primary key, title text not null)',
    up: 'create extension pg_trgm; create index article_title on article using gist (title gist_trgm_ops (siglen = 32))',
    expect: kept,
  },
]
