import { createDatabase, expect, test } from '#harness'
import { openBank } from './testing.ts'
import { verify } from './verify.ts'

// What the database itself refuses, whatever the program in front of it does.
test.each([
  ['an entry cannot be changed', 'update ledger.entry set amount = amount + 1', 'insert-only'],
  ['an entry cannot be removed', 'delete from ledger.entry', 'insert-only'],
  ['entries cannot be emptied', 'truncate ledger.entry cascade', 'insert-only'],
  ['a transfer cannot be changed', "update ledger.transfer set actor = 'nobody'", 'insert-only'],
  ['an account cannot be removed', 'delete from ledger.account', 'insert-only'],
  [
    'a balance cannot go below its limit',
    "update ledger.account set balance = -1 where owner = 'user-0' and name = 'wallet'",
    'account_balance_not_below_minimum',
  ],
  [
    'a balance cannot change without an entry',
    "update ledger.account set balance = balance + 1 where owner = 'user-0' and name = 'wallet'",
    'without an entry',
  ],
  [
    'an account cannot change hands',
    "update ledger.account set owner = 'thief' where owner = 'user-0'",
    'may not change its owner',
  ],
  [
    'an account cannot open with money',
    "insert into ledger.account (owner, name, currency, balance) values ('x', 'y', 'NGN', 5)",
    'opens at zero',
  ],
  [
    'a transfer cannot leave money over',
    `with made as (insert into ledger.transfer (key, digest, actor, reason) values ('odd', '', 'x', 'x') returning id),
          moved as (update ledger.account set balance = balance + 5, sequence = sequence + 1 where owner = 'user-0' and name = 'wallet' returning *)
     insert into ledger.entry (transfer_id, account_id, sequence, amount, balance_before, balance_after)
     select made.id, moved.id, moved.sequence, 5, moved.balance - 5, moved.balance from made, moved`,
    'does not balance',
  ],
  [
    'an entry cannot start elsewhere than where the one before it ended',
    `insert into ledger.entry (transfer_id, account_id, sequence, amount, balance_before, balance_after)
     select 1, account.id, account.sequence + 1, 5, account.balance + 1, account.balance + 6 from ledger.account as account where owner = 'user-0' and name = 'wallet'`,
    'the one before ended at 100',
  ],
])('%s', async (_name, statement, words) => {
  const db = await createDatabase()
  try {
    await openBank(db.pool, 1, 100n)

    await expect(db.pool.query(statement)).rejects.toThrow(words)

    expect(await verify(db.pool)).toMatchObject({ ok: true })
  } finally {
    await db.drop()
  }
})

test.each([
  [
    'an entry altered',
    'entry',
    'update ledger.entry set amount = amount + 7, balance_after = balance_after + 7 where id = 3',
    /entry \d+ of account|transfer \d+ leaves/,
  ],
  ['an entry removed', 'entry', 'delete from ledger.entry where id = 2', /sequence|leaves/],
  [
    'a transfer emptied',
    'entry',
    'delete from ledger.entry where transfer_id = (select max(id) from ledger.transfer)',
    /has no entries/,
  ],
  [
    'a balance altered',
    'account',
    "update ledger.account set balance = balance + 1 where owner = 'user-0' and name = 'wallet'",
    /account \d+ says 101/,
  ],
])('verify names what an owner of the database did behind the ledger: %s', async (_name, table, statement, words) => {
  const db = await createDatabase()
  try {
    await openBank(db.pool, 2, 100n)
    await db.pool.query(
      `alter table ledger.${table} disable trigger all; ${statement}; alter table ledger.${table} enable trigger all`,
    )

    const verified = await verify(db.pool)

    expect(verified.ok).toBe(false)
    expect(verified.ok ? '' : verified.problem).toMatch(words)
  } finally {
    await db.drop()
  }
})
