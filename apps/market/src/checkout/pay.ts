import * as ledger from '@sankofa/ledger'
import type pg from 'pg'
import { inTransaction } from 'sankofa/db'
import { requestContext } from 'sankofa/observe'
import sql from 'sql-template-tag'
import { type CartLine, goodsOf, lockCart } from '../cart/cart.ts'
import type { Currency } from '../money.ts'
import { findOrder, type Order } from '../order/orders.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'
import { accountsFor } from '../wallet/accounts.ts'
import { walletOf } from '../wallet/wallets.ts'
import type { Bill } from './receipt.ts'
import { feeOn } from './service-fee.ts'

export type Checkout = {
  readonly userId: string
  /** Idempotency key: the same one pays once. */
  readonly key: string
  readonly currency: Currency
  readonly feeBps: number
  readonly receipt: (bill: Bill) => string[]
}

/**
 * Pays the cart from the wallet: stock, hold, order, posting, empty cart and the event, in one transaction.
 *
 * @throws Problem `cart-empty`, `out-of-stock`, `insufficient-funds`; then nothing has happened
 */
export async function pay(
  { pool, toolkit, accounts }: Pick<Services, 'pool' | 'toolkit' | 'accounts'>,
  checkout: Checkout,
): Promise<Order> {
  const { userId, key, currency } = checkout
  const own = await accounts()
  return inTransaction(pool, async (client) => {
    const lines = await lockCart(client, userId, currency)
    if (lines.length === 0) {
      // A second request with this key waited for the first one's lines, and finds them sold.
      const paid = await findOrder(client, userId, { key })
      if (paid !== undefined) return paid
      throw new Problem('cart-empty', 'Put something into the cart first.')
    }
    const goods = goodsOf(lines)
    const fee = feeOn(goods, checkout.feeBps)
    const total = goods + fee
    const wallet = await walletOf(client, userId, currency)
    const requestId = requestContext()?.requestId
    const cause = { actor: userId, reason: `order ${key}`, ...(requestId === undefined ? {} : { requestId }) }
    const holdKey = `checkout/${userId}/${key}/hold`
    const held = await ledger.hold(client, { ...cause, key: holdKey, account: wallet, amount: total })
    if (held.kind === 'insufficient') {
      const detail = `The order costs ${total} ${currency} in minor units and the wallet has ${held.balance}. Pay in first.`
      throw new Problem('insufficient-funds', detail)
    }
    const order = await writeOrder(client, checkout, {
      goods,
      fee,
      total,
      lines,
      hold: held.hold,
      receipt: checkout.receipt({ lines, fee, total, currency }),
    })
    const entry = ledger.entryOf({ ...held, kind: 'transferred' }, wallet)
    await toolkit.events.record(client, {
      type: 'order.paid',
      subject: userId,
      actor: userId,
      reference: key,
      amount: total,
      currency,
      before: { wallet: entry.balanceBefore },
      after: { wallet: entry.balanceAfter },
      data: { order: order.id.toString(), lines: lines.length },
    })
    // What many customers touch comes last: products that sell well, then the market's own accounts.
    await takeStock(client, lines)
    const { sales, fees } = accountsFor(own, userId, currency)
    const posted = await ledger.postHold(client, {
      ...cause,
      key: `checkout/${userId}/${key}/post`,
      hold: held.hold,
      to: [{ account: sales, amount: goods }, ...(fee > 0n ? [{ account: fees, amount: fee }] : [])],
    })
    if (posted.kind === 'already-resolved') {
      throw new Error(`Hold ${held.hold} was resolved by another transaction before its order was paid.`)
    }
    return order
  })
}

type Totals = Pick<Order, 'goods' | 'fee' | 'total' | 'lines' | 'receipt'> & { readonly hold: ledger.HoldId }

/** Order and lines in, cart out. */
async function writeOrder(client: pg.ClientBase, checkout: Checkout, order: Totals): Promise<Order> {
  const { userId, key, currency } = checkout
  const { goods, fee, total, lines, receipt } = order
  const { rows } = await client.query<{ id: bigint; paidAt: Date }>(sql`
    with made as (
      insert into market.shop_order (user_id, checkout_key, currency, goods, fee, total, hold_id, receipt)
      values (${userId}::text, ${key}::text, ${currency}::text, ${goods}::bigint, ${fee}::bigint, ${total}::bigint, ${order.hold}::bigint,
              ${receipt}::text[])
      returning id, paid_at
    ), lined as (
      insert into market.order_line (order_id, product_id, name, quantity, unit_price)
      select made.id, line.product_id, line.name, line.quantity, line.unit_price
        from made
       cross join unnest(${lines.map((line) => line.product)}::bigint[], ${lines.map((line) => line.name)}::text[],
                         ${lines.map((line) => line.quantity)}::int[], ${lines.map((line) => line.unitPrice)}::bigint[])
          as line (product_id, name, quantity, unit_price)
    ), emptied as (
      delete from market.cart_line as line where line.user_id = ${userId}::text
    )
    select made.id, made.paid_at as "paidAt" from made`)
  const row = rows[0]
  if (row === undefined) throw new Error(`The order of checkout ${key} was written without an id.`)
  return { id: row.id, paidAt: row.paidAt, currency, goods, fee, total, receipt, lines }
}

/** Locked in the order of their ids, so that two checkouts of the same things cannot wait for each other. */
async function takeStock(client: pg.ClientBase, lines: readonly CartLine[]): Promise<void> {
  const ids = lines.map((line) => line.product)
  const { rows } = await client.query<{ id: bigint }>(sql`
    with locked as materialized (
      select product.id
        from market.product as product
       where product.id = any (${ids}::bigint[])
       order by product.id
         for no key update of product
    )
    update market.product as product
       set stock = product.stock - wanted.quantity
      from unnest(${ids}::bigint[], ${lines.map((line) => line.quantity)}::int[]) as wanted (id, quantity)
      join locked on locked.id = wanted.id
     where product.id = wanted.id
       and product.stock >= wanted.quantity
    returning product.id`)
  const taken = new Set(rows.map((row) => row.id))
  const short = lines.find((line) => !taken.has(line.product))
  if (short !== undefined)
    throw new Problem(
      'out-of-stock',
      `"${short.name}" has fewer than ${short.quantity} left. Change the cart and try again.`,
    )
}
