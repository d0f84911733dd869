import sql from 'sql-template-tag'
import { type AccountId, accountId } from './brand.ts'
import type { Client, Int8 } from './client.ts'
import { exponentOf } from './currency.ts'
import { LedgerError } from './errors.ts'

export type Account = {
  readonly id: AccountId
  readonly owner: string
  readonly name: string
  readonly currency: string
  /** Minor units. */
  readonly balance: bigint
  /** `undefined`: no lower limit. */
  readonly minimum: bigint | undefined
  /** Number of its entries so far. */
  readonly sequence: bigint
  /** The account that keeps what is on hold for this one. */
  readonly heldIn: AccountId | undefined
}

export type NewAccount = {
  /** Whose it is, such as a user id or `system`. */
  readonly owner: string
  readonly name: string
  readonly currency: string
  /** The balance never goes below it; 0 when left out, `'none'` for no limit. */
  readonly minimum?: bigint | 'none'
  /** Money of this account can be put on hold. */
  readonly holds?: boolean
}

type AccountRow = {
  id: Int8
  owner: string
  name: string
  currency: string
  balance: Int8
  minimum: Int8 | null
  sequence: Int8
  held_in: Int8 | null
}

const toAccount = (row: AccountRow): Account => ({
  id: accountId(row.id),
  owner: row.owner,
  name: row.name,
  currency: row.currency,
  balance: BigInt(row.balance),
  minimum: row.minimum === null ? undefined : BigInt(row.minimum),
  sequence: BigInt(row.sequence),
  heldIn: row.held_in === null ? undefined : accountId(row.held_in),
})

/**
 * Opens an account at zero, or gives the one that is open already.
 *
 * @throws LedgerError `CURRENCY_UNKNOWN`
 */
export async function openAccount(client: Client, account: NewAccount): Promise<Account> {
  exponentOf(account.currency)
  const minimum = account.minimum === 'none' ? null : (account.minimum ?? 0n)
  await client.query(sql`
    insert into ledger.account (owner, name, currency, minimum)
    values (${account.owner}::text, ${account.name}::text, ${account.currency}::text, ${minimum}::bigint)
    on conflict (owner, name, currency) do nothing`)
  if (account.holds === true) {
    await client.query(sql`
      insert into ledger.account (owner, name, currency, minimum, holds_for)
      select account.owner, account.name || ':held', account.currency, 0, account.id
        from ledger.account as account
       where account.owner = ${account.owner}::text and account.name = ${account.name}::text and account.currency = ${account.currency}::text
      on conflict do nothing`)
  }
  const opened = await findAccount(client, account.owner, account.name, account.currency)
  if (opened === undefined)
    throw new LedgerError('ACCOUNT_UNKNOWN', { account: `${account.owner}/${account.name}/${account.currency}` })
  return opened
}

export async function findAccount(
  client: Client,
  owner: string,
  name: string,
  currency: string,
): Promise<Account | undefined> {
  const { rows } = await client.query<AccountRow>(sql`
    select account.id, account.owner, account.name, account.currency, account.balance, account.minimum, account.sequence, held.id as held_in
      from ledger.account as account
      left join ledger.account as held on held.holds_for = account.id
     where account.owner = ${owner}::text and account.name = ${name}::text and account.currency = ${currency}::text`)
  const row = rows[0]
  return row === undefined ? undefined : toAccount(row)
}

/** @throws LedgerError `ACCOUNT_UNKNOWN` for the first id that does not exist */
export async function readAccounts(
  client: Client,
  ids: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, Account>> {
  const { rows } = await client.query<AccountRow>(sql`
    select account.id, account.owner, account.name, account.currency, account.balance, account.minimum, account.sequence, held.id as held_in
      from ledger.account as account
      left join ledger.account as held on held.holds_for = account.id
     where account.id = any (${ids}::bigint[])`)
  return byId(rows, ids)
}

/**
 * Locks accounts until the transaction ends, always in the order of their ids, so that two transfers cannot wait for each
 * other. A transaction with several transfers locks all its accounts here first, or retries when PostgreSQL reports a deadlock.
 *
 * @throws LedgerError `ACCOUNT_UNKNOWN`
 */
export async function lockAccounts(
  client: Client,
  ids: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, Account>> {
  const { rows } = await client.query<AccountRow>(sql`
    select account.id, account.owner, account.name, account.currency, account.balance, account.minimum, account.sequence, null as held_in
      from ledger.account as account
     where account.id = any (${ids}::bigint[])
     order by account.id
       for update of account`)
  return byId(rows, ids)
}

function byId(rows: readonly AccountRow[], ids: readonly AccountId[]): ReadonlyMap<AccountId, Account> {
  const found = new Map(rows.map((row) => [accountId(row.id), toAccount(row)]))
  const missing = ids.find((id) => !found.has(id))
  if (missing !== undefined) throw new LedgerError('ACCOUNT_UNKNOWN', { account: missing.toString() })
  return found
}
