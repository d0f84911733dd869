import type pg from 'pg'
import sql from 'sql-template-tag'
import type { Currency } from '../money.ts'

export type OrderLine = {
  readonly product: bigint
  readonly name: string
  readonly quantity: number
  readonly unitPrice: bigint
}

export type Order = {
  readonly id: bigint
  readonly currency: Currency
  readonly goods: bigint
  readonly fee: bigint
  readonly total: bigint
  readonly receipt: readonly string[]
  readonly paidAt: Date
  readonly lines: readonly OrderLine[]
}

/** One order of a user, by its id or by the key of its checkout. */
export async function findOrder(
  client: pg.Pool | pg.ClientBase,
  userId: string,
  by: { readonly id: bigint } | { readonly key: string },
): Promise<Order | undefined> {
  const which = 'id' in by ? sql`shop_order.id = ${by.id}::bigint` : sql`shop_order.checkout_key = ${by.key}::text`
  const { rows } = await client.query<Omit<Order, 'lines'>>(sql`
    select shop_order.id, shop_order.currency, shop_order.goods, shop_order.fee, shop_order.total, shop_order.receipt, shop_order.paid_at as "paidAt"
      from market.shop_order as shop_order
     where shop_order.user_id = ${userId}::text and ${which}`)
  const order = rows[0]
  if (order === undefined) return undefined
  return { ...order, lines: await linesOf(client, order.id) }
}

async function linesOf(client: pg.Pool | pg.ClientBase, order: bigint): Promise<readonly OrderLine[]> {
  const { rows } = await client.query<OrderLine>(sql`
    select line.product_id as product, line.name, line.quantity, line.unit_price as "unitPrice"
      from market.order_line as line
     where line.order_id = ${order}::bigint
     order by line.product_id`)
  return rows
}

export type OrderSummary = Omit<Order, 'lines' | 'receipt' | 'goods' | 'fee'> & { readonly items: number }

/** The newest orders of a user. */
export async function listOrders(pool: pg.Pool, userId: string): Promise<readonly OrderSummary[]> {
  const { rows } = await pool.query<OrderSummary>(sql`
    select shop_order.id, shop_order.currency, shop_order.total, shop_order.paid_at as "paidAt", coalesce(counted.items, 0)::int as items
      from (select recent.*
              from market.shop_order as recent
             where recent.user_id = ${userId}::text
             order by recent.id desc
             limit 20) as shop_order
      left join lateral (select sum(line.quantity) as items from market.order_line as line where line.order_id = shop_order.id) as counted on true
     order by shop_order.id desc`)
  return rows
}
