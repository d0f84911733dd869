import { createHash } from 'node:crypto'
import * as ledger from '@sankofa/ledger'
import type pg from 'pg'
import { inTransaction } from 'sankofa/db'
import { type Currency, currencies } from '../money.ts'

type Own = {
  /** The world outside, where deposits come from: the only one that may be below zero. */
  readonly provider: ledger.AccountId
  readonly sales: readonly ledger.AccountId[]
  readonly fees: readonly ledger.AccountId[]
}

/** The market's own accounts in every currency. */
export type MarketAccounts = Readonly<Record<Currency, Own>>

// Every checkout locks an account of each; one alone would make all checkouts wait in one line.
const parts = 8

/** Opens them where they are not open yet. */
export async function openMarketAccounts(pool: pg.Pool): Promise<MarketAccounts> {
  return inTransaction(pool, async (client) => {
    const open = async (currency: Currency): Promise<Own> => {
      const account = async (name: string, minimum: bigint | 'none') =>
        (await ledger.openAccount(client, { owner: 'market', name, currency, minimum })).id
      const own = {
        provider: await account('provider', 'none'),
        sales: [] as ledger.AccountId[],
        fees: [] as ledger.AccountId[],
      }
      for (let part = 0; part < parts; part++) {
        own.sales.push(await account(`sales:${part}`, 0n))
        own.fees.push(await account(`fees:${part}`, 0n))
      }
      return own
    }
    const [naira, dollars] = currencies
    return { [naira]: await open(naira), [dollars]: await open(dollars) }
  })
}

/** Where the money of this customer's orders goes; always the same part. */
export function accountsFor(
  own: MarketAccounts,
  userId: string,
  currency: Currency,
): { readonly sales: ledger.AccountId; readonly fees: ledger.AccountId } {
  const part = createHash('sha256').update(userId).digest().readUInt32BE() % parts
  const sales = own[currency].sales[part]
  const fees = own[currency].fees[part]
  if (sales === undefined || fees === undefined) throw new Error(`The market has no account ${part} in ${currency}.`)
  return { sales, fees }
}
