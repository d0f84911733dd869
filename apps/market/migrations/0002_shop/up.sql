-- Expand: a new schema that nothing before it knows, so both versions run on it. Needs the schema `ledger`.
create schema market;

create table market.product (
  id          bigint      generated always as identity primary key,
  sku         text        not null constraint product_sku_once unique,
  name        text        not null,
  category    text        not null,
  description text        not null,
  stock       int         not null constraint product_stock_not_below_zero check (stock >= 0),
  listed_at   timestamptz not null default clock_timestamp(),
  words       tsvector    not null generated always as (to_tsvector('english'::regconfig, name || ' ' || category || ' ' || description)) stored
);
create index product_words on market.product using gin (words);
create index product_category on market.product (category, id);

create table market.product_price (
  product_id bigint not null references market.product (id),
  currency   text   not null,
  amount     bigint not null constraint product_price_positive check (amount > 0),
  primary key (product_id, currency)
);
comment on column market.product_price.amount is 'minor units';

create table market.wallet (
  user_id    text        not null references auth."user" ("id"),
  currency   text        not null,
  account_id bigint      not null constraint wallet_account_once unique references ledger.account (id),
  opened_at  timestamptz not null default clock_timestamp(),
  primary key (user_id, currency)
);

create table market.cart_line (
  user_id    text        not null references auth."user" ("id"),
  product_id bigint      not null references market.product (id),
  quantity   int         not null constraint cart_line_quantity_sensible check (quantity between 1 and 20),
  added_at   timestamptz not null default clock_timestamp(),
  primary key (user_id, product_id)
);

create table market.shop_order (
  id           bigint      generated always as identity primary key,
  user_id      text        not null references auth."user" ("id"),
  checkout_key text        not null,
  currency     text        not null,
  goods        bigint      not null constraint shop_order_goods_positive check (goods > 0),
  fee          bigint      not null constraint shop_order_fee_not_negative check (fee >= 0),
  total        bigint      not null constraint shop_order_adds_up check (total = goods + fee),
  hold_id      bigint      not null constraint shop_order_hold_once unique references ledger.hold (id),
  receipt      text[]      not null,
  paid_at      timestamptz not null default clock_timestamp(),
  constraint shop_order_once_per_key unique (user_id, checkout_key)
);
comment on column market.shop_order.checkout_key is 'the idempotency key of the checkout: a retry finds the first order';
create index shop_order_user on market.shop_order (user_id, id desc);

create table market.order_line (
  order_id   bigint not null references market.shop_order (id),
  product_id bigint not null references market.product (id),
  name       text   not null,
  quantity   int    not null constraint order_line_quantity_positive check (quantity > 0),
  unit_price bigint not null constraint order_line_price_positive check (unit_price > 0),
  primary key (order_id, product_id)
);
comment on column market.order_line.name is 'as it was when it was sold';
create index order_line_product on market.order_line (product_id, order_id);

create table market.deposit (
  reference   text        primary key,
  user_id     text        not null references auth."user" ("id"),
  currency    text        not null,
  amount      bigint      not null constraint deposit_amount_positive check (amount > 0),
  state       text        not null default 'initiated' constraint deposit_state_known check (state in ('initiated', 'credited')),
  transfer_id bigint      unique references ledger.transfer (id),
  started_at  timestamptz not null default clock_timestamp(),
  credited_at timestamptz,
  constraint deposit_credited_by_a_transfer check ((state = 'credited') = (transfer_id is not null))
);
create index deposit_waiting on market.deposit (started_at) where state = 'initiated';

create table market.provider_event (
  provider    text        not null,
  reference   text        not null,
  event       text        not null,
  received_at timestamptz not null default clock_timestamp(),
  primary key (provider, reference, event)
);
comment on table market.provider_event is 'what a provider has told and we have done: a second telling does nothing';
