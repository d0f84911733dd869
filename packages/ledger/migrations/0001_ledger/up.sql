-- Expand: a new schema that nothing before it knows, so both versions run on it.
create schema ledger;

create table ledger.account (
  id        bigint      generated always as identity primary key,
  owner     text        not null,
  name      text        not null,
  currency  text        not null constraint account_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
  minimum   bigint,
  balance   bigint      not null default 0,
  sequence  bigint      not null default 0,
  holds_for bigint      unique references ledger.account (id),
  opened_at timestamptz not null default clock_timestamp(),
  constraint account_one_per_owner unique (owner, name, currency),
  constraint account_balance_not_below_minimum check (balance >= minimum)
);
comment on table ledger.account is 'balance and sequence are the head of the account''s entries: the row that a transfer locks';
comment on column ledger.account.minimum is 'the balance may not go below it; null for no limit, such as a provider''s or a currency position';
comment on column ledger.account.holds_for is 'set on the account that keeps what is on hold for another one';

create table ledger.transfer (
  id         bigint      generated always as identity primary key,
  key        text        not null constraint transfer_key_is_short check (length(key) between 1 and 255),
  digest     bytea       not null,
  actor      text        not null,
  reason     text        not null,
  request_id text,
  at         timestamptz not null default clock_timestamp(),
  constraint transfer_key_once unique (key)
);
comment on column ledger.transfer.digest is 'SHA-256 of the parameters: the same key with others is an error';

create table ledger.entry (
  id             bigint      generated always as identity primary key,
  transfer_id    bigint      not null references ledger.transfer (id),
  account_id     bigint      not null references ledger.account (id),
  sequence       bigint      not null,
  amount         bigint      not null constraint entry_amount_not_zero check (amount <> 0),
  balance_before bigint      not null,
  balance_after  bigint      not null,
  constraint entry_sequence_once unique (account_id, sequence),
  constraint entry_adds_up check (balance_after = balance_before + amount)
);
comment on column ledger.entry.amount is 'minor units of the account''s currency; credit > 0 > debit';
create index entry_transfer on ledger.entry (transfer_id);

create table ledger.hold (
  id              bigint      generated always as identity primary key,
  account_id      bigint      not null references ledger.account (id),
  held_account_id bigint      not null references ledger.account (id),
  amount          bigint      not null constraint hold_amount_positive check (amount > 0),
  state           text        not null default 'open' constraint hold_state_known check (state in ('open', 'posted', 'voided')),
  posted_amount   bigint      not null default 0,
  opened_by       bigint      not null unique references ledger.transfer (id),
  resolved_by     bigint      unique references ledger.transfer (id),
  resolved_key    text,
  constraint hold_resolved_by_a_transfer check ((state = 'open') = (resolved_by is null) and (resolved_by is null) = (resolved_key is null)),
  constraint hold_posts_at_most_its_amount check (posted_amount between 0 and amount)
);
comment on column ledger.hold.resolved_key is 'the key of that transfer, here so that one locked row answers a retry';
create index hold_open on ledger.hold (held_account_id) where state = 'open';

create function ledger.refuse_rewrite() returns trigger language plpgsql as $$
begin
  raise exception 'ledger.% is insert-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger entry_insert_only before update or delete or truncate on ledger.entry
  for each statement execute function ledger.refuse_rewrite();
create trigger transfer_insert_only before update or delete or truncate on ledger.transfer
  for each statement execute function ledger.refuse_rewrite();
create trigger hold_never_removed before delete or truncate on ledger.hold
  for each statement execute function ledger.refuse_rewrite();
create trigger account_never_removed before delete or truncate on ledger.account
  for each statement execute function ledger.refuse_rewrite();

-- An entry starts where the one before it in its account ended.
create function ledger.check_chain() returns trigger language plpgsql as $$
declare
  before bigint;
begin
  select entry.balance_after into before from ledger.entry as entry
   where entry.account_id = new.account_id and entry.sequence = new.sequence - 1;
  if not found and new.sequence = 1 then before := 0; end if;
  if before is null or before <> new.balance_before then
    raise exception 'entry % of account % starts at %, the one before ended at %', new.sequence, new.account_id, new.balance_before, before
      using errcode = 'check_violation', constraint = 'entry_follows_the_one_before';
  end if;
  return null;
end
$$;
create trigger entry_follows_the_one_before after insert on ledger.entry
  for each row execute function ledger.check_chain();

-- At commit, because a transfer's entries arrive one after another.
create function ledger.check_balanced() returns trigger language plpgsql as $$
declare
  lopsided record;
begin
  select account.currency, sum(entry.amount) as total into lopsided
    from ledger.entry as entry
    join ledger.account as account on account.id = entry.account_id
   where entry.transfer_id = new.transfer_id
   group by account.currency
  having sum(entry.amount) <> 0
   limit 1;
  if found then
    raise exception 'transfer % does not balance: % % left over', new.transfer_id, lopsided.total, lopsided.currency
      using errcode = 'check_violation', constraint = 'transfer_balances';
  end if;
  return null;
end
$$;
create constraint trigger transfer_balances after insert on ledger.entry
  deferrable initially deferred for each row execute function ledger.check_balanced();

create function ledger.check_has_entries() returns trigger language plpgsql as $$
begin
  if not exists (select from ledger.entry as entry where entry.transfer_id = new.id) then
    raise exception 'transfer % has no entries', new.id using errcode = 'check_violation', constraint = 'transfer_has_entries';
  end if;
  return null;
end
$$;
create constraint trigger transfer_has_entries after insert on ledger.transfer
  deferrable initially deferred for each row execute function ledger.check_has_entries();

-- A balance may not change without the entry that says why.
create function ledger.check_head() returns trigger language plpgsql as $$
begin
  if new.id <> old.id or new.owner <> old.owner or new.name <> old.name or new.currency <> old.currency
     or new.holds_for is distinct from old.holds_for then
    raise exception 'account % may not change its owner, name or currency', old.id using errcode = 'restrict_violation';
  end if;
  if (new.balance <> old.balance or new.sequence <> old.sequence)
     and not exists (select from ledger.entry as entry
                      where entry.account_id = new.id and entry.sequence = new.sequence and entry.balance_after = new.balance) then
    raise exception 'the balance of account % changed to % without an entry', new.id, new.balance
      using errcode = 'check_violation', constraint = 'account_head_is_its_last_entry';
  end if;
  return null;
end
$$;
create constraint trigger account_head_is_its_last_entry after update on ledger.account
  deferrable initially deferred for each row execute function ledger.check_head();

create function ledger.check_new_account() returns trigger language plpgsql as $$
begin
  if new.balance <> 0 or new.sequence <> 0 then
    raise exception 'an account opens at zero' using errcode = 'check_violation', constraint = 'account_opens_at_zero';
  end if;
  return new;
end
$$;
create trigger account_opens_at_zero before insert on ledger.account
  for each row execute function ledger.check_new_account();

create function ledger.check_hold_step() returns trigger language plpgsql as $$
begin
  if old.state <> 'open' or new.state = 'open' or new.id <> old.id or new.amount <> old.amount
     or new.account_id <> old.account_id or new.held_account_id <> old.held_account_id or new.opened_by <> old.opened_by then
    raise exception 'hold % is %: it is resolved exactly once', old.id, old.state
      using errcode = 'check_violation', constraint = 'hold_resolved_once';
  end if;
  return new;
end
$$;
create trigger hold_resolved_once before update on ledger.hold
  for each row execute function ledger.check_hold_step();
