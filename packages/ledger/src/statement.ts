import sql from 'sql-template-tag'
import { type AccountId, accountId, type TransferId, transferId } from './brand.ts'
import type { Client, Int8 } from './client.ts'
import type { Entry } from './transfer.ts'

export type StatementLine = Entry & {
  readonly transfer: TransferId
  readonly at: Date
  readonly actor: string
  readonly reason: string
  readonly requestId: string | undefined
}

type LineRow = {
  transfer_id: Int8
  account_id: Int8
  sequence: Int8
  amount: Int8
  balance_before: Int8
  balance_after: Int8
  at: Date
  actor: string
  reason: string
  request_id: string | null
}

/** The entries of an account, newest first; `beforeSequence` pages on. */
export async function statement(
  client: Client,
  account: AccountId,
  page: { readonly limit: number; readonly beforeSequence?: bigint },
): Promise<readonly StatementLine[]> {
  const { rows } = await client.query<LineRow>(sql`
    select entry.transfer_id, entry.account_id, entry.sequence, entry.amount, entry.balance_before, entry.balance_after,
           transfer.at, transfer.actor, transfer.reason, transfer.request_id
      from ledger.entry as entry
      join ledger.transfer as transfer on transfer.id = entry.transfer_id
     where entry.account_id = ${account}::bigint
       and entry.sequence < coalesce(${page.beforeSequence ?? null}::bigint, 9223372036854775807)
     order by entry.sequence desc
     limit ${page.limit}::int`)
  return rows.map((row) => ({
    transfer: transferId(row.transfer_id),
    account: accountId(row.account_id),
    sequence: BigInt(row.sequence),
    amount: BigInt(row.amount),
    balanceBefore: BigInt(row.balance_before),
    balanceAfter: BigInt(row.balance_after),
    at: row.at,
    actor: row.actor,
    reason: row.reason,
    requestId: row.request_id ?? undefined,
  }))
}
