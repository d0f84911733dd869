import * as ledger from '@sankofa/ledger'
import { hashPassword } from 'better-auth/crypto'
import type pg from 'pg'
import { inTransaction } from 'sankofa/db'
import sql from 'sql-template-tag'
import { currencies } from '../money.ts'
import { openMarketAccounts } from '../wallet/accounts.ts'
import { seedProducts } from './catalogue.ts'
import { seedCustomers, seedPassword, writeCustomers } from './customers.ts'

export type SeedOptions = {
  readonly customers: number
  /** The market's secret: seeded sessions are made with it. */
  readonly secret: string
  /** In stock of each product. */
  readonly stock?: number
}

export type Seeded = { readonly customers: number; readonly products: number; readonly tookMs: number }

/** ₦2,000,000.00 and $2,000.00: some forty orders. */
const openingBalance = { NGN: 200_000_000n, USD: 200_000n } as const
const customersPerTransfer = 100

/** Puts products, customers, sessions and opening balances into the database. A second run adds only what is missing. */
export async function seed(pool: pg.Pool, { customers, secret, stock = 1_000_000 }: SeedOptions): Promise<Seeded> {
  const startedMs = performance.now()
  const people = seedCustomers(customers, secret)
  const passwordHash = await hashPassword(seedPassword)
  const accounts = await openMarketAccounts(pool)
  await inTransaction(pool, async (client) => {
    await writeProducts(client, stock)
    await writeCustomers(client, people, passwordHash)
  })
  for (let from = 0; from < people.length; from += customersPerTransfer) {
    const some = people.slice(from, from + customersPerTransfer)
    for (const currency of currencies) {
      await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ account_id: bigint }>(sql`
          select wallet.account_id
            from market.wallet as wallet
           where wallet.currency = ${currency}::text and wallet.user_id = any (${some.map((customer) => customer.id)}::text[])
           order by wallet.account_id`)
        const amount = openingBalance[currency]
        await ledger.transfer(client, {
          key: `seed/${currency}/${some[0]?.id}-${some.at(-1)?.id}`,
          actor: 'seed',
          reason: 'opening balance of the demonstration',
          entries: [
            { account: accounts[currency].provider, amount: -amount * BigInt(rows.length) },
            ...rows.map((row) => ({ account: ledger.accountId(row.account_id), amount })),
          ],
        })
      })
    }
  }
  await pool.query('analyze')
  return { customers: people.length, products: seedProducts.length, tookMs: Math.round(performance.now() - startedMs) }
}

/** Was anything ever sold here? */
export async function isEmpty(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ empty: boolean }>('select not exists (select from market.product) as empty')
  return rows[0]?.empty === true
}

async function writeProducts(client: pg.ClientBase, stock: number): Promise<void> {
  await client.query(sql`
    insert into market.product (sku, name, category, description, stock)
    select seeded.sku, seeded.name, seeded.category, seeded.description, ${stock}::int
      from unnest(${seedProducts.map((product) => product.sku)}::text[], ${seedProducts.map((product) => product.name)}::text[],
                  ${seedProducts.map((product) => product.category)}::text[], ${seedProducts.map((product) => product.description)}::text[])
        as seeded (sku, name, category, description)
    on conflict (sku) do nothing`)
  await client.query(sql`
    insert into market.product_price (product_id, currency, amount)
    select product.id, price.currency, price.amount
      from unnest(${seedProducts.map((product) => product.sku)}::text[], ${seedProducts.map((product) => product.naira)}::bigint[],
                  ${seedProducts.map((product) => product.cents)}::bigint[]) as seeded (sku, naira, cents)
      join market.product as product on product.sku = seeded.sku
     cross join lateral (values ('NGN', seeded.naira), ('USD', seeded.cents)) as price (currency, amount)
    on conflict (product_id, currency) do nothing`)
}
