import { type Case, differs, failsAgain, failsAlways, kept, reordered, stashed, stuck } from '../case.ts'

const receiptTable = `create table receipt (
  id       bigint generated always as identity primary key,
  shop_id  bigint not null references shop (id) on delete cascade,
  number   text not null constraint receipt_number_filled check (number <> ''),
  paid_on  date not null default current_date,
  amount   numeric(12, 2) not null,
  note     text collate "C",
  constraint receipt_number_once unique (shop_id, number) deferrable initially deferred
);`
const receiptIndex = `create index receipt_paid_on_idx on receipt (paid_on desc nulls last, shop_id) where amount > 0;`
const receiptComment = `comment on table receipt is 'what was paid';`
const receipt = `create table shop (id bigint primary key, name text not null);
${receiptTable}${receiptIndex}${receiptComment}`

export const tables: readonly Case[] = [
  {
    name: 'a new table goes again',
    base: 'create table shop (id bigint primary key, name text not null)',
    up: 'create table branch (id bigint primary key, shop_id bigint not null references shop (id), city text)',
    undo: 'drop table branch',
    expect: kept,
  },
  {
    name: 'a new table is left over',
    base: 'create table shop (id bigint primary key, name text not null)',
    up: 'create table if not exists branch (id bigint primary key)',
    undo: '',
    expect: differs('left over table public.branch'),
  },
  {
    name: 'the undo of a new table drops an old one too',
    base: 'create table shop (id bigint primary key); create table branch (id bigint primary key, city text)',
    up: 'create table clerk (id bigint primary key)',
    undo: 'drop table clerk, branch',
    expect: { ...failsAgain('missing table public.branch'), loss: 'lost' },
    because: 'the undo destroys what up did not touch, and nothing kept it',
  },
  {
    name: 'a dropped table comes back with everything on it',
    base: receipt,
    up: 'drop table receipt',
    undo: receiptTable + receiptIndex + receiptComment,
    expect: stashed,
  },
  {
    name: 'a dropped table comes back without its index',
    base: receipt,
    up: 'drop table receipt',
    undo: receiptTable + receiptComment,
    expect: { ...differs('missing index public.receipt_paid_on_idx'), loss: 'stashed' },
  },
  {
    name: 'a dropped table comes back without ON DELETE CASCADE',
    base: receipt,
    up: 'drop table receipt',
    undo: receiptTable.replace(' on delete cascade', '') + receiptIndex + receiptComment,
    expect: { ...differs('changed constraint public.receipt.receipt_shop_id_fkey'), loss: 'stashed' },
  },
  {
    name: 'a dropped table comes back without its comment',
    base: receipt,
    up: 'drop table receipt',
    undo: receiptTable + receiptIndex,
    expect: { ...differs('changed table public.receipt'), loss: 'stashed' },
  },
  {
    name: 'a dropped table comes back with its columns in another order',
    base: 'create table stall (id bigint primary key, place text, rent numeric(8, 2))',
    up: 'drop table stall',
    undo: 'create table stall (id bigint primary key, rent numeric(8, 2), place text)',
    expect: reordered,
  },
  {
    name: 'a dropped table comes back with other names of its constraints',
    base: `create table stall (
  id    bigint constraint stall_key primary key,
  place text constraint stall_place_there not null,
  rent  numeric(8, 2) constraint rent_not_negative check (rent >= 0)
)`,
    up: 'drop table stall',
    undo: 'create table stall (id bigint primary key, place text not null, rent numeric(8, 2) check (rent >= 0))',
    expect: { grade: 'cosmetic', loss: 'stashed' },
  },
  {
    name: 'two tables that need each other come back in the wrong order',
    base: `create table author (id bigint primary key);
create table book (id bigint primary key, author_id bigint references author (id))`,
    up: 'drop table book; drop table author',
    undo: `create table book (id bigint primary key, author_id bigint references author (id));
create table author (id bigint primary key)`,
    expect: failsAlways,
  },
  {
    name: 'two tables that need each other come back in the right order',
    base: `create table author (id bigint primary key);
create table book (id bigint primary key, author_id bigint references author (id) on update cascade)`,
    up: 'drop table book; drop table author',
    undo: `create table author (id bigint primary key);
create table book (id bigint primary key, author_id bigint references author (id) on update cascade)`,
    expect: stashed,
  },
  {
    name: 'a table that refers to itself comes back',
    base: 'create table category (id integer primary key, name text not null, parent_id integer references category (id))',
    up: 'drop table category',
    undo: 'create table category (id integer primary key, name text not null, parent_id integer references category (id))',
    expect: stashed,
  },
  {
    name: 'what a drop with CASCADE took along is forgotten',
    base: `create table shop (id bigint primary key, name text not null);
create table till (id bigint primary key, shop_id bigint constraint till_shop references shop (id));
create view shop_name as select shop.name from shop`,
    up: 'drop table shop cascade',
    undo: 'create table shop (id bigint primary key, name text not null)',
    expect: {
      ...differs('missing constraint public.till.till_shop', 'missing view public.shop_name'),
      loss: 'stashed',
      derived: 'fails',
    },
  },
  {
    name: 'what a drop with CASCADE took along comes back too',
    base: `create table shop (id bigint primary key, name text not null);
create table till (id bigint primary key, shop_id bigint constraint till_shop references shop (id));
create view shop_name as select shop.name from shop`,
    up: 'drop table shop cascade',
    undo: `create table shop (id bigint primary key, name text not null);
alter table till add constraint till_shop foreign key (shop_id) references shop (id) not valid;
alter table till validate constraint till_shop;
create view shop_name as select shop.name from shop`,
    expect: { grade: 'fails', loss: 'lost', fails: 'rows', step: 'undo' },
    because: 'the rows of till refer to shops that the stash gives back only after the statements of the undo',
  },
  {
    name: 'a renamed table gets its name back',
    base: 'create table client (id bigint primary key, name text); create index client_name_idx on client (name)',
    up: 'alter table client rename to customer; alter index client_name_idx rename to customer_name_idx',
    undo: 'alter index customer_name_idx rename to client_name_idx; alter table customer rename to client',
    expect: kept,
  },
  {
    name: 'a renamed table gets its name back, its index does not',
    base: 'create table client (id bigint primary key, name text); create index client_name_idx on client (name)',
    up: 'alter table client rename to customer; alter index if exists client_name_idx rename to customer_name_idx',
    undo: 'alter table customer rename to client',
    expect: { grade: 'cosmetic', loss: 'kept' },
  },
  {
    name: 'a renamed table gets a wrong name back',
    base: 'create table client (id bigint primary key, name text)',
    up: 'alter table client rename to customer',
    undo: 'alter table customer rename to clients',
    expect: { ...stuck('missing table public.client', 'left over table public.clients'), loss: 'lost' },
  },
  {
    name: 'an unlogged table is logged again',
    base: 'create table session (id uuid primary key, opened_at timestamptz not null default now())',
    up: 'alter table session set unlogged',
    undo: 'alter table session set logged',
    expect: kept,
  },
  {
    name: 'a table stays unlogged',
    base: 'create table session (id uuid primary key, opened_at timestamptz not null default now())',
    up: 'alter table session set unlogged',
    undo: '',
    expect: differs('changed table public.session'),
  },
  {
    name: 'a table that is made like another goes again',
    base: "create table line (id bigint primary key, item text not null default '?', price numeric check (price > 0))",
    up: 'create table line_archive (like line including all); alter table line_archive add column archived_at timestamptz',
    undo: 'drop table line_archive',
    expect: kept,
  },
  {
    name: 'the replica identity comes back',
    base: 'create table stock (sku text not null, held integer not null); create unique index stock_sku on stock (sku); alter table stock replica identity using index stock_sku',
    up: 'alter table stock replica identity full',
    undo: 'alter table stock replica identity using index stock_sku',
    expect: kept,
  },
  {
    name: 'the replica identity falls back to the default',
    base: 'create table stock (sku text primary key, held integer not null); alter table stock replica identity full',
    up: 'alter table stock replica identity nothing',
    undo: 'alter table stock replica identity default',
    expect: differs('changed table public.stock'),
  },
]
