import { createHash } from 'node:crypto'
import sql from 'sql-template-tag'
import { type Account, lockAccounts } from './account.ts'
import { type AccountId, accountId, type TransferId, transferId } from './brand.ts'
import type { Client, Int8 } from './client.ts'
import { LedgerError } from './errors.ts'

/** Who moves money, why, and for which request. */
export type Cause = { readonly actor: string; readonly reason: string; readonly requestId?: string }

export type TransferRequest = Cause & {
  /** Idempotency key, at most 255 characters. The same key with the same parameters gives the first result again. */
  readonly key: string
  /** Minor units, credit > 0 > debit; they sum to zero in each currency, one entry an account. */
  readonly entries: readonly { readonly account: AccountId; readonly amount: bigint }[]
}

export type Entry = {
  readonly account: AccountId
  /** 1, 2, 3 … within the account. */
  readonly sequence: bigint
  readonly amount: bigint
  readonly balanceBefore: bigint
  readonly balanceAfter: bigint
}

export type Transferred = {
  readonly kind: 'transferred'
  readonly transfer: TransferId
  readonly entries: readonly Entry[]
  /** True when this key had moved the money before, and nothing was moved now. */
  readonly replayed: boolean
}

/** An account would go below its minimum. Nothing was written, and the key stays free. */
export type Insufficient = {
  readonly kind: 'insufficient'
  readonly account: AccountId
  readonly balance: bigint
  readonly minimum: bigint
  readonly amount: bigint
}

type EntryRow = {
  transfer_id: Int8
  account_id: Int8
  sequence: Int8
  amount: Int8
  balance_before: Int8
  balance_after: Int8
}

const toEntry = (row: EntryRow): Entry => ({
  account: accountId(row.account_id),
  sequence: BigInt(row.sequence),
  amount: BigInt(row.amount),
  balanceBefore: BigInt(row.balance_before),
  balanceAfter: BigInt(row.balance_after),
})

/**
 * Moves money between accounts, inside the caller's transaction: all entries or none.
 *
 * @returns `transferred` with each entry's balance before and after, or `insufficient`
 * @throws LedgerError `BAD_TRANSFER`, `ACCOUNT_UNKNOWN`, `KEY_REUSED`, `NOT_IN_TRANSACTION`
 */
export async function transfer(client: Client, request: TransferRequest): Promise<Transferred | Insufficient> {
  checkEntries(request)
  const accounts = await lockAccounts(
    client,
    request.entries.map((entry) => entry.account),
  )
  const digest = digestOf(request)
  const totals = new Map<string, bigint>()
  for (const { account, amount } of request.entries) {
    const { currency, balance, minimum } = held(accounts, account)
    totals.set(currency, (totals.get(currency) ?? 0n) + amount)
    if (amount < 0n && minimum !== undefined && balance + amount < minimum) {
      // The money may be gone because this very key moved it before.
      return (await replay(client, request.key, digest)) ?? { kind: 'insufficient', account, balance, minimum, amount }
    }
  }
  for (const [currency, total] of totals) {
    if (total === 0n) continue
    const reason = `its entries leave ${total} minor units of ${currency} over; they must sum to zero.`
    throw new LedgerError('BAD_TRANSFER', { reason })
  }
  const written = (await write(client, request, digest, accounts)) ?? (await replay(client, request.key, digest))
  if (written === undefined) throw new LedgerError('NOT_IN_TRANSACTION', {})
  return written
}

function held(accounts: ReadonlyMap<AccountId, Account>, id: AccountId): Account {
  const account = accounts.get(id)
  if (account === undefined) throw new LedgerError('ACCOUNT_UNKNOWN', { account: id.toString() })
  return account
}

const largestBigint = 2n ** 63n - 1n

function checkEntries({ key, entries }: TransferRequest): void {
  const refuse = (reason: string): never => {
    throw new LedgerError('BAD_TRANSFER', { reason })
  }
  if (key.length < 1 || key.length > 255) refuse(`its key has ${key.length} characters; use 1 to 255.`)
  if (entries.length < 2) refuse('it needs at least two entries.')
  if (new Set(entries.map((entry) => entry.account)).size !== entries.length) refuse('it names an account twice.')
  if (entries.some((entry) => entry.amount === 0n)) refuse('an entry of zero moves nothing.')
  if (entries.some((entry) => entry.amount > largestBigint || entry.amount < -largestBigint))
    refuse('an amount is larger than PostgreSQL can keep.')
}

/** Order of entries, actor and request id do not matter: a retry may come in another request. */
function digestOf({ entries, reason }: TransferRequest): Buffer {
  const sorted = entries.map(({ account, amount }) => `${account}:${amount}`).sort()
  return createHash('sha256')
    .update(JSON.stringify([reason, sorted]))
    .digest()
}

async function replay(client: Client, key: string, digest: Buffer): Promise<Transferred | undefined> {
  const { rows } = await client.query<EntryRow & { digest: Buffer }>(sql`
    select transfer.digest, entry.transfer_id, entry.account_id, entry.sequence, entry.amount, entry.balance_before, entry.balance_after
      from ledger.transfer as transfer
      join ledger.entry as entry on entry.transfer_id = transfer.id
     where transfer.key = ${key}::text
     order by entry.id`)
  const first = rows[0]
  if (first === undefined) return undefined
  if (!digest.equals(first.digest)) throw new LedgerError('KEY_REUSED', { key })
  return { kind: 'transferred', transfer: transferId(first.transfer_id), entries: rows.map(toEntry), replayed: true }
}

/** @returns `undefined` when nothing was written, because the key is taken */
async function write(
  client: Client,
  request: TransferRequest,
  digest: Buffer,
  accounts: ReadonlyMap<AccountId, Account>,
): Promise<Transferred | undefined> {
  const moves = request.entries.map(({ account, amount }) => ({ ...held(accounts, account), amount }))
  const { rows } = await client
    .query<EntryRow>(sql`
      with wanted as (
        select *
          from unnest(${moves.map((move) => move.id)}::bigint[], ${moves.map((move) => move.amount)}::bigint[],
                      ${moves.map((move) => move.sequence)}::bigint[], ${moves.map((move) => move.balance)}::bigint[])
            as wanted (account_id, amount, sequence, balance)
      ), made as (
        insert into ledger.transfer (key, digest, actor, reason, request_id)
        values (${request.key}::text, ${digest}::bytea, ${request.actor}::text, ${request.reason}::text, ${request.requestId ?? null}::text)
        on conflict (key) do nothing
        returning id
      ), moved as (
        update ledger.account as account
           set balance = wanted.balance + wanted.amount,
               sequence = wanted.sequence + 1
          from wanted
         cross join made
         where account.id = wanted.account_id
           and account.sequence = wanted.sequence
        returning account.id
      )
      insert into ledger.entry (transfer_id, account_id, sequence, amount, balance_before, balance_after)
      select made.id, wanted.account_id, wanted.sequence + 1, wanted.amount, wanted.balance, wanted.balance + wanted.amount
        from wanted
        join moved on moved.id = wanted.account_id
       cross join made
      returning entry.transfer_id, entry.account_id, entry.sequence, entry.amount, entry.balance_before, entry.balance_after`)
    .catch((error: unknown) => {
      // Checked at once only where the statement is its own transaction; the entries sum to zero, so another was faster.
      const constraint = constraintOf(error)
      if (constraint === 'transfer_has_entries' || constraint === 'transfer_balances') {
        throw new LedgerError('NOT_IN_TRANSACTION', {}, { cause: error })
      }
      throw error
    })
  const first = rows[0]
  if (first === undefined) return undefined
  if (rows.length !== moves.length) throw new LedgerError('NOT_IN_TRANSACTION', {})
  return { kind: 'transferred', transfer: transferId(first.transfer_id), entries: rows.map(toEntry), replayed: false }
}

const constraintOf = (error: unknown): unknown =>
  error instanceof Error && 'constraint' in error ? error.constraint : undefined

/** The entry that a transfer made in `account`. */
export function entryOf(transferred: Transferred, account: AccountId): Entry {
  const entry = transferred.entries.find((candidate) => candidate.account === account)
  if (entry === undefined) throw new LedgerError('ACCOUNT_UNKNOWN', { account: account.toString() })
  return entry
}
