import { type Case, differs, failsAlways, kept, stashed, stuck } from '../case.ts'

const shop = 'create table shop (id bigint primary key, name text not null, city text)'

/** Several migrations that are one change. */
export const groups: readonly Case[] = [
  {
    name: 'the migrations of a release are taken back from the last to the first',
    base: shop,
    up: [
      'create table till (id bigint primary key, shop_id bigint references shop (id))',
      'alter table till add column label text; create index till_label on till (label)',
      'create view labelled as select till.id, till.label from till where till.label is not null',
    ],
    undo: ['drop table till', 'drop index till_label; alter table till drop column label', 'drop view labelled'],
    expect: kept,
  },
  {
    name: 'one migration of a release forgets something that another one makes good',
    base: shop,
    up: ['create table till (id bigint primary key)', 'alter table till add column label text'],
    undo: ['drop table till', ''],
    expect: kept,
    because: 'the release is the unit: what is in between does not matter',
  },
  {
    name: 'one migration of a release forgets something that nobody makes good',
    base: shop,
    up: ["create type mood as enum ('a')", 'create table till (id bigint primary key, mood mood)'],
    undo: ['', 'drop table till'],
    expect: stuck('left over type public.mood'),
  },
  {
    name: 'the undo of one migration of a release fails',
    base: shop,
    up: ['create table till (id bigint primary key)', 'alter table till add column label text'],
    undo: ['drop table till', 'alter table till drop column lable'],
    expect: failsAlways,
  },
  {
    name: 'a column moves to another table in two migrations and back',
    base: `${shop}; insert into shop values (900001, 'a', 'Accra'), (900002, 'b', null)`,
    up: [
      'create table address (shop_id bigint primary key references shop (id), city text); insert into address select shop.id, shop.city from shop',
      'alter table shop drop column city',
    ],
    undo: [
      'update shop set city = address.city from address where address.shop_id = shop.id; drop table address',
      'alter table shop add column city text',
    ],
    expect: stashed,
  },
  {
    name: 'a default that the second migration of a release changes again comes back',
    base: `${shop}; alter table shop alter column city set default 'Accra'`,
    up: [
      "alter table shop alter column city set default 'Kumasi'",
      "alter table shop alter column city set default 'Tema'",
    ],
    undo: [
      "alter table shop alter column city set default 'Accra'",
      "alter table shop alter column city set default 'Kumasi'",
    ],
    expect: kept,
  },
  {
    name: 'a default comes back in the wrong order',
    base: `${shop}; alter table shop alter column city set default 'Accra'`,
    up: [
      "alter table shop alter column city set default 'Kumasi'",
      "alter table shop alter column city set default 'Tema'",
    ],
    undo: [
      "alter table shop alter column city set default 'Kumasi'",
      "alter table shop alter column city set default 'Accra'",
    ],
    expect: differs('changed column public.shop.city'),
  },
  {
    name: 'a release with an index that is built beside the traffic is taken back',
    base: shop,
    up: ['alter table shop add column owner text', 'create index concurrently shop_owner on shop (owner)'],
    undo: ['alter table shop drop column owner', 'drop index concurrently shop_owner'],
    expect: kept,
  },
  {
    name: 'the undo of a release was not written',
    base: shop,
    up: [
      'create table till (id bigint primary key, shop_id bigint references shop (id))',
      'alter table till add column label text; alter table shop drop column city',
    ],
    expect: stashed,
  },
]
