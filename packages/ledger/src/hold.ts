import sql from 'sql-template-tag'
import { readAccounts } from './account.ts'
import { type AccountId, accountId, type HoldId, holdId } from './brand.ts'
import type { Client, Int8 } from './client.ts'
import { LedgerError } from './errors.ts'
import { type Cause, type Insufficient, type Transferred, transfer } from './transfer.ts'

export type HoldRequest = Cause & { readonly key: string; readonly account: AccountId; readonly amount: bigint }

export type Held = Omit<Transferred, 'kind'> & { readonly kind: 'held'; readonly hold: HoldId }

/** The hold was posted or voided before, by another key. Nothing was moved. */
export type AlreadyResolved = { readonly kind: 'already-resolved'; readonly state: 'posted' | 'voided' }

/**
 * Takes money of an account aside: it can no longer be spent, until it is posted or voided.
 *
 * @throws LedgerError `ACCOUNT_HOLDS_NOTHING`, `ACCOUNT_UNKNOWN`, `KEY_REUSED`, `BAD_TRANSFER`
 */
export async function hold(client: Client, request: HoldRequest): Promise<Held | Insufficient> {
  if (request.amount <= 0n)
    throw new LedgerError('BAD_TRANSFER', { reason: `${request.amount} cannot be put on hold; use more than zero.` })
  const heldIn = (await readAccounts(client, [request.account])).get(request.account)?.heldIn
  if (heldIn === undefined) throw new LedgerError('ACCOUNT_HOLDS_NOTHING', { account: request.account.toString() })
  const moved = await transfer(client, {
    ...request,
    entries: [
      { account: request.account, amount: -request.amount },
      { account: heldIn, amount: request.amount },
    ],
  })
  if (moved.kind === 'insufficient') return moved
  const { rows } = moved.replayed
    ? await client.query<{ id: Int8 }>(
        sql`select hold.id from ledger.hold as hold where hold.opened_by = ${moved.transfer}::bigint`,
      )
    : await client.query<{ id: Int8 }>(sql`
        insert into ledger.hold as hold (account_id, held_account_id, amount, opened_by)
        values (${request.account}::bigint, ${heldIn}::bigint, ${request.amount}::bigint, ${moved.transfer}::bigint)
        returning hold.id`)
  const row = rows[0]
  // The key made an ordinary transfer of the same amounts before.
  if (row === undefined) throw new LedgerError('KEY_REUSED', { key: request.key })
  return { ...moved, kind: 'held', hold: holdId(row.id) }
}

export type PostRequest = Cause & {
  readonly key: string
  readonly hold: HoldId
  /** Where the money goes; what is left of the hold returns to its account. */
  readonly to: readonly { readonly account: AccountId; readonly amount: bigint }[]
}

/**
 * Spends a hold, in full or in part. A hold is resolved exactly once.
 *
 * @throws LedgerError `HOLD_UNKNOWN`, `ABOVE_HOLD`, `KEY_REUSED`, `BAD_TRANSFER`
 */
export async function postHold(client: Client, request: PostRequest): Promise<Transferred | AlreadyResolved> {
  if (request.to.length === 0 || request.to.some((target) => target.amount <= 0n)) {
    throw new LedgerError('BAD_TRANSFER', {
      reason: 'a hold is posted to at least one account, each with more than zero.',
    })
  }
  return resolve(client, request, request.to, 'posted')
}

/** Gives a hold back to its account. @throws LedgerError `HOLD_UNKNOWN`, `KEY_REUSED` */
export async function voidHold(
  client: Client,
  request: Omit<PostRequest, 'to'>,
): Promise<Transferred | AlreadyResolved> {
  return resolve(client, request, [], 'voided')
}

type HoldRow = {
  account_id: Int8
  held_account_id: Int8
  amount: Int8
  state: 'open' | 'posted' | 'voided'
  resolved_key: string | null
}

async function resolve(
  client: Client,
  request: Omit<PostRequest, 'to'>,
  to: PostRequest['to'],
  state: 'posted' | 'voided',
): Promise<Transferred | AlreadyResolved> {
  // The lock decides between two who resolve it at once: the second reads here what the first did.
  const { rows } = await client.query<HoldRow>(sql`
    select hold.account_id, hold.held_account_id, hold.amount, hold.state, hold.resolved_key
      from ledger.hold as hold
     where hold.id = ${request.hold}::bigint
       for update of hold`)
  const row = rows[0]
  if (row === undefined) throw new LedgerError('HOLD_UNKNOWN', { hold: request.hold.toString() })
  if (row.state !== 'open' && row.resolved_key !== request.key) return { kind: 'already-resolved', state: row.state }

  const amount = BigInt(row.amount)
  const posted = to.reduce((sum, target) => sum + target.amount, 0n)
  const rest = amount - posted
  if (rest < 0n)
    throw new LedgerError('ABOVE_HOLD', {
      hold: request.hold.toString(),
      amount: posted.toString(),
      held: amount.toString(),
    })
  const moved = await transfer(client, {
    ...request,
    entries: [
      { account: accountId(row.held_account_id), amount: -amount },
      ...to,
      ...(rest > 0n ? [{ account: accountId(row.account_id), amount: rest }] : []),
    ],
  })
  if (moved.kind === 'insufficient') {
    throw new LedgerError('BAD_TRANSFER', {
      reason: `account ${moved.account} keeps ${moved.balance} for hold ${request.hold}; run verify.`,
    })
  }
  if (!moved.replayed) {
    await client.query(sql`
      update ledger.hold
         set state = ${state}::text, posted_amount = ${posted}::bigint, resolved_by = ${moved.transfer}::bigint,
             resolved_key = ${request.key}::text
       where id = ${request.hold}::bigint`)
  }
  return moved
}
