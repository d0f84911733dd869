import { pino } from 'pino'
import type { TestDatabase } from '#harness'
import type { FlagName } from './flag-names.ts'
import { buildMarket, type Market, type MarketOptions } from './market.ts'
import { migrate } from './migrate.ts'
import { type SeedCustomer, seedCustomers } from './seed/customers.ts'
import { seed } from './seed/seed.ts'
import { standIn } from './stand-in.ts'
import { createVisitor, type Visitor } from './visitor.ts'

export const testSecret = 'a secret of the tests, long enough to sign with'

export type TestMarket = {
  readonly market: Market
  /** The nth seeded customer, signed in. */
  customer(n: number): Visitor
  readonly customers: readonly SeedCustomer[]
  /** Turned on for everybody. */
  readonly on: Set<FlagName>
}

/** A seeded market in front of a test's database. */
export async function openTestMarket(
  db: TestDatabase,
  options: Partial<MarketOptions> & { readonly customers?: number; readonly stock?: number } = {},
): Promise<TestMarket> {
  const { customers: many = 3, stock = 1_000, ...rest } = options
  await migrate(db.pool)
  await seed(db.pool, { customers: many, secret: testSecret, stock })
  const on = new Set<FlagName>()
  const market = await buildMarket({
    databaseUrl: db.url,
    toolkit: standIn((flag) => on.has(flag)),
    secret: testSecret,
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
    ...rest,
  })
  const customers = seedCustomers(many, testSecret)
  return {
    market,
    on,
    customers,
    customer(n) {
      const customer = customers[n]
      if (customer === undefined) throw new Error(`Only ${many} customers were seeded.`)
      return createVisitor(market.app, { customer, secret: testSecret })
    },
  }
}
