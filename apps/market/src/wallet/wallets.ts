import * as ledger from '@sankofa/ledger'
import type pg from 'pg'
import { inTransaction } from 'sankofa/db'
import sql from 'sql-template-tag'
import type { User } from '../identity/session.ts'
import { type Currency, currencies } from '../money.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'

/** Opens a wallet in each currency, once, and writes the event of the registration with them. */
export async function openWallets({ pool, toolkit }: Pick<Services, 'pool' | 'toolkit'>, user: User): Promise<void> {
  await inTransaction(pool, async (client) => {
    let opened = 0
    for (const currency of currencies) {
      const account = await ledger.openAccount(client, {
        owner: `user:${user.id}`,
        name: 'wallet',
        currency,
        holds: true,
      })
      const { rowCount } = await client.query(sql`
        insert into market.wallet (user_id, currency, account_id)
        values (${user.id}::text, ${currency}::text, ${account.id}::bigint)
        on conflict (user_id, currency) do nothing`)
      opened += rowCount ?? 0
    }
    if (opened > 0)
      await toolkit.events.record(client, {
        type: 'user.registered',
        subject: user.id,
        actor: user.id,
        data: { wallets: [...currencies] },
      })
  })
}

/** @throws Problem `not-found` */
export async function walletOf(
  client: pg.Pool | pg.ClientBase,
  userId: string,
  currency: Currency,
): Promise<ledger.AccountId> {
  const { rows } = await client.query<{ account_id: bigint }>(sql`
    select wallet.account_id
      from market.wallet as wallet
     where wallet.user_id = ${userId}::text and wallet.currency = ${currency}::text`)
  const row = rows[0]
  if (row === undefined)
    throw new Problem('not-found', `There is no ${currency} wallet yet. Sign in again: that opens it.`)
  return ledger.accountId(row.account_id)
}

export type WalletBalance = {
  readonly currency: Currency
  readonly account: ledger.AccountId
  readonly available: bigint
  readonly held: bigint
}

export async function readWallets(pool: pg.Pool, userId: string): Promise<readonly WalletBalance[]> {
  const { rows } = await pool.query<{ currency: Currency; account_id: bigint; available: bigint; held: bigint }>(sql`
    select wallet.currency, wallet.account_id, available.balance as available, held.balance as held
      from market.wallet as wallet
      join ledger.account as available on available.id = wallet.account_id
      join ledger.account as held on held.holds_for = wallet.account_id
     where wallet.user_id = ${userId}::text
     order by wallet.currency`)
  return rows.map((row) => ({
    currency: row.currency,
    account: ledger.accountId(row.account_id),
    available: row.available,
    held: row.held,
  }))
}
