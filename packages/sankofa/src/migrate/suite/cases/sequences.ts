import { type Case, differs, failsAlways, kept, stuck } from '../case.ts'

const numbers =
  'create sequence number as integer increment by 5 minvalue 10 maxvalue 100000 start with 20 cache 3 cycle'
const nearly = (name: string, from: string, to: string): Case => ({
  name,
  base: numbers,
  up: 'drop sequence if exists number',
  undo: numbers.replace(from, to),
  expect: differs('changed sequence public.number'),
})

export const sequences: readonly Case[] = [
  {
    name: 'a new sequence goes again',
    base: 'create table invoice (id bigint primary key)',
    up: "create sequence number; alter table invoice add column number bigint default nextval('number'); alter sequence number owned by invoice.number",
    undo: 'alter table invoice drop column number',
    expect: kept,
  },
  {
    name: 'a new sequence that nobody owns is left over',
    base: 'create table invoice (id bigint primary key)',
    up: "create sequence number; alter table invoice add column number bigint default nextval('number')",
    undo: 'alter table invoice drop column number',
    expect: stuck('left over sequence public.number'),
  },
  {
    name: 'a sequence that a default needs cannot go first',
    base: 'create table invoice (id bigint primary key)',
    up: "create sequence number; alter table invoice add column number bigint default nextval('number')",
    undo: 'drop sequence number; alter table invoice drop column number',
    expect: failsAlways,
  },
  { name: 'a dropped sequence comes back', base: numbers, up: 'drop sequence number', undo: numbers, expect: kept },
  nearly('a sequence comes back with another step', 'by 5', 'by 1'),
  nearly('a sequence comes back with another start', 'start with 20', 'start with 10'),
  nearly('a sequence comes back with another end', 'maxvalue 100000', 'maxvalue 10000'),
  nearly('a sequence comes back and does not begin anew', ' cycle', ''),
  nearly('a sequence comes back with a wider type', 'as integer ', 'as bigint '),
  {
    name: 'the step and the bounds of a sequence come back',
    base: numbers,
    up: 'alter sequence number increment by 7 no maxvalue no cycle cache 1',
    undo: 'alter sequence number increment by 5 maxvalue 100000 cycle cache 3',
    expect: kept,
  },
  {
    name: 'the next number of a sequence is data, not schema',
    base: numbers,
    up: 'alter sequence number restart with 500',
    undo: '',
    expect: kept,
  },
  {
    name: 'who owns a sequence is forgotten',
    base: 'create table invoice (id bigint primary key, number bigint); create sequence number owned by invoice.number',
    up: 'alter sequence number owned by none; alter sequence number increment by 2',
    undo: 'alter sequence number increment by 1',
    expect: differs('changed sequence public.number'),
  },
  {
    name: 'who owns a sequence comes back',
    base: 'create table invoice (id bigint primary key, number bigint); create sequence number owned by invoice.number',
    up: 'alter sequence number owned by none',
    undo: 'alter sequence number owned by invoice.number',
    expect: kept,
  },
  {
    name: 'the undo of a dropped sequence was not written',
    base: `${numbers}; create table invoice (id bigint primary key, number integer default nextval('number'))`,
    up: 'alter table invoice alter column number drop default; drop sequence number',
    expect: kept,
  },
]
