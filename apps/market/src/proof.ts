import { randomUUID } from 'node:crypto'
import * as ledger from '@sankofa/ledger'
import { pino } from 'pino'
import { bootstrap, createPool } from 'sankofa/db'
import type { FlagName } from './flag-names.ts'
import { buildMarket, type Market } from './market.ts'
import { migrate } from './migrate.ts'
import type { OrderView } from './order/routes.ts'
import { seedCustomers } from './seed/customers.ts'
import { seed } from './seed/seed.ts'
import { standIn } from './stand-in.ts'
import { createVisitor, type Reply, type Visitor } from './visitor.ts'

/** The market on a database of its own, with one flag that the proof turns on and off. */
export type ProofMarket = {
  readonly market: Market
  readonly visitor: Visitor
  on: ReadonlySet<FlagName>
}

const secret = 'the market of a proof, thrown away afterwards'

export async function bootForProof(url: string): Promise<ProofMarket> {
  const pool = createPool({ url, max: 3, applicationName: 'market-proof' })
  try {
    await bootstrap(pool)
    await migrate(pool)
    await seed(pool, { customers: 3, secret, stock: 1_000 })
  } finally {
    await pool.end()
  }
  const [customer] = seedCustomers(1, secret)
  if (customer === undefined) throw new Error('The proof needs a customer, and none was seeded.')
  const state = { on: new Set<FlagName>() as ReadonlySet<FlagName> }
  const market = await buildMarket({
    databaseUrl: url,
    toolkit: standIn((flag) => state.on.has(flag)),
    secret,
    log: pino({ level: 'silent' }),
    // The proof need not wait long to see that no answer comes.
    hangsAtMostMs: 500,
  })
  return Object.assign(state, { market, visitor: createVisitor(market.app, { customer, secret }) })
}

/** Walks through everything that a customer does: the flag's path is among it. @throws Error at the first wrong answer */
export async function walkThrough({ market, visitor }: ProofMarket): Promise<void> {
  const products = expectOk(await visitor.request('GET', '/products')) as {
    products: readonly { id: string; name: string }[]
  }
  const product = products.products[0]
  if (product === undefined) throw new Error('The shop is empty.')
  const found = expectOk(await visitor.request('GET', `/search?q=${encodeURIComponent(product.name)}`)) as {
    products: readonly { id: string }[]
  }
  if (!found.products.some((match) => match.id === product.id))
    throw new Error(`A search for "${product.name}" does not find it.`)
  expectOk(await visitor.request('GET', `/products/${product.id}`))
  expectOk(await visitor.request('GET', `/products/${product.id}/recommendations`))
  const deposit = expectOk(
    await visitor.request('POST', '/deposits', { body: { amount: '500000', currency: 'NGN' } }),
  ) as { reference: string }
  await market.provider.idle()
  const credited = expectOk(await visitor.request('GET', `/deposits/${deposit.reference}`)) as { state: string }
  if (credited.state !== 'credited')
    throw new Error(`Deposit ${deposit.reference} is still ${credited.state} after its webhook.`)
  expectOk(await visitor.request('PUT', `/cart/lines/${product.id}`, { body: { quantity: 2 } }))
  const key = randomUUID()
  const order = expectOk(
    await visitor.request('POST', '/checkout', {
      body: { currency: 'NGN' },
      key,
    }),
  ) as OrderView
  const again = await visitor.request('POST', '/checkout', { body: { currency: 'NGN' }, key })
  if (again.status !== 200 || (again.body as OrderView).id !== order.id)
    throw new Error(`Order ${order.id} was not given again for its own key.`)
}

/**
 * The old path's test: every order there is can be read and adds up, the wallet's statement and the ledger agree, and a customer
 * can still do everything.
 */
export async function checkOldPath(proof: ProofMarket): Promise<void> {
  const { market, visitor } = proof
  const { rows } = await market.pool.query<{ id: bigint }>(
    'select shop_order.id from market.shop_order as shop_order order by shop_order.id',
  )
  for (const { id } of rows) checkOrder(expectOk(await visitor.request('GET', `/orders/${id}`)) as OrderView)
  expectOk(await visitor.request('GET', '/orders'))
  expectOk(await visitor.request('GET', '/cart'))
  const statement = expectOk(await visitor.request('GET', '/wallets/NGN/statement')) as readonly {
    balanceAfter: string
  }[]
  const wallets = expectOk(await visitor.request('GET', '/wallets')) as readonly {
    currency: string
    available: string
  }[]
  const available = wallets.find((wallet) => wallet.currency === 'NGN')?.available
  if (statement[0]?.balanceAfter !== available)
    throw new Error(`The wallet says ${available}, its statement ends at ${statement[0]?.balanceAfter}.`)
  await walkThrough(proof)
  const verified = await ledger.verify(market.pool)
  if (!verified.ok) throw new Error(`The ledger is wrong: ${verified.problem}.`)
}

function checkOrder(order: OrderView): void {
  const goods = order.lines.reduce((sum, line) => sum + BigInt(line.unitPrice.amount) * BigInt(line.quantity), 0n)
  if (goods.toString() !== order.goods.amount)
    throw new Error(`The lines of order ${order.id} sum to ${goods}, it says ${order.goods.amount}.`)
  if (goods + BigInt(order.fee.amount) !== BigInt(order.total.amount))
    throw new Error(`Order ${order.id} does not add up.`)
  if (!order.receipt.some((line) => line.startsWith('Total: ')))
    throw new Error(`The receipt of order ${order.id} has no total.`)
}

function expectOk(reply: Reply): unknown {
  if (reply.status >= 300) throw new Error(`${reply.status} ${JSON.stringify(reply.body)}`)
  return reply.body
}
