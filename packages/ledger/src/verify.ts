import sql, { type Sql } from 'sql-template-tag'
import { type Client, inTransaction, type Pool } from './client.ts'

export type Verified =
  | { readonly ok: true; readonly accounts: number; readonly entries: number }
  | { readonly ok: false; readonly check: string; readonly problem: string }

/** Each check gives at most one row: the first thing that is wrong, in words. */
const checks: readonly { readonly check: string; readonly query: Sql }[] = [
  {
    check: 'every entry adds up and follows the one before it',
    query: sql`
      select format('entry %s of account %s (sequence %s) goes from %s by %s to %s; the one before it has sequence %s and ended at %s',
                    walked.id, walked.account_id, walked.sequence, walked.balance_before, walked.amount, walked.balance_after,
                    walked.previous_sequence, walked.previous_after) as problem
        from (select entry.*,
                     lag(entry.sequence, 1, 0::bigint) over chain as previous_sequence,
                     lag(entry.balance_after, 1, 0::bigint) over chain as previous_after
                from ledger.entry as entry
              window chain as (partition by entry.account_id order by entry.sequence)) as walked
       where walked.sequence <> walked.previous_sequence + 1
          or walked.balance_before <> walked.previous_after
          or walked.balance_after <> walked.balance_before + walked.amount
       order by walked.id
       limit 1`,
  },
  {
    check: 'every transfer sums to zero in each currency',
    query: sql`
      select format('transfer %s leaves %s minor units of %s over; its first entry is %s',
                    entry.transfer_id, sum(entry.amount), account.currency, min(entry.id)) as problem
        from ledger.entry as entry
        join ledger.account as account on account.id = entry.account_id
       group by entry.transfer_id, account.currency
      having sum(entry.amount) <> 0
       order by entry.transfer_id
       limit 1`,
  },
  {
    check: 'every transfer has entries',
    query: sql`
      select format('transfer %s has no entries', transfer.id) as problem
        from ledger.transfer as transfer
       where not exists (select from ledger.entry as entry where entry.transfer_id = transfer.id)
       order by transfer.id
       limit 1`,
  },
  {
    check: 'every balance is that of the last entry, and within its limit',
    query: sql`
      select format('account %s says %s after %s entries (limit %s); its last entry has sequence %s and ended at %s',
                    account.id, account.balance, account.sequence, account.minimum, coalesce(last.sequence, 0), coalesce(last.balance_after, 0)) as problem
        from ledger.account as account
        left join lateral (select entry.sequence, entry.balance_after
                             from ledger.entry as entry
                            where entry.account_id = account.id
                            order by entry.sequence desc
                            limit 1) as last on true
       where account.balance <> coalesce(last.balance_after, 0)
          or account.sequence <> coalesce(last.sequence, 0)
          or account.balance < account.minimum
       order by account.id
       limit 1`,
  },
  {
    check: 'what is held is the sum of the open holds',
    query: sql`
      select format('account %s keeps %s, its open holds sum to %s', held.id, held.balance, coalesce(sum(hold.amount), 0)) as problem
        from ledger.account as held
        left join ledger.hold as hold on hold.held_account_id = held.id and hold.state = 'open'
       where held.holds_for is not null
       group by held.id, held.balance
      having held.balance <> coalesce(sum(hold.amount), 0)
       order by held.id
       limit 1`,
  },
]

/** Walks every entry, transfer, balance and hold in one snapshot, and names the first that is wrong. */
export async function verify(pool: Pool): Promise<Verified> {
  return inTransaction(pool, 'repeatable read read only', async (client: Client) => {
    for (const { check, query } of checks) {
      const { rows } = await client.query<{ problem: string }>(query)
      if (rows[0] !== undefined) return { ok: false, check, problem: rows[0].problem }
    }
    const { rows } = await client.query<{ accounts: number; entries: number }>(sql`
      select (select count(*)::int from ledger.account) as accounts, (select count(*)::int from ledger.entry) as entries`)
    return { ok: true, accounts: rows[0]?.accounts ?? 0, entries: rows[0]?.entries ?? 0 }
  })
}
