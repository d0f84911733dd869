import * as ledger from '@sankofa/ledger'
import type pg from 'pg'
import { inTransaction } from 'sankofa/db'
import { type Currency, currencies } from '../money.ts'

/** The market's own accounts, one of each in every currency. */
export type MarketAccounts = Readonly<
  Record<
    Currency,
    { readonly provider: ledger.AccountId; readonly sales: ledger.AccountId; readonly fees: ledger.AccountId }
  >
>

/** Opens them where they are not open yet. Only the provider's may be below zero: it is the world outside. */
export async function openMarketAccounts(pool: pg.Pool): Promise<MarketAccounts> {
  return inTransaction(pool, async (client) => {
    const open = async (currency: Currency) => {
      const account = async (name: string, minimum: bigint | 'none') =>
        (await ledger.openAccount(client, { owner: 'market', name, currency, minimum })).id
      return {
        provider: await account('provider', 'none'),
        sales: await account('sales', 0n),
        fees: await account('fees', 0n),
      }
    }
    const [naira, dollars] = currencies
    return { NGN: await open(naira), USD: await open(dollars) }
  })
}
