import type pg from 'pg'
import { inTransaction } from 'sankofa/db'
import sql from 'sql-template-tag'
import type { Currency } from '../money.ts'
import { Problem } from '../problem.ts'
import type { Services } from '../services.ts'

export type CartLine = {
  readonly product: bigint
  readonly name: string
  readonly quantity: number
  readonly unitPrice: bigint
}

export const goodsOf = (lines: readonly CartLine[]): bigint =>
  lines.reduce((sum, line) => sum + line.unitPrice * BigInt(line.quantity), 0n)

const linesOf = (userId: string, currency: Currency) => sql`
  select line.product_id as product, product.name, line.quantity, price.amount as "unitPrice"
    from market.cart_line as line
    join market.product as product on product.id = line.product_id
    join market.product_price as price on price.product_id = product.id and price.currency = ${currency}::text
   where line.user_id = ${userId}::text
   order by line.product_id`

export async function readCart(
  client: pg.Pool | pg.ClientBase,
  userId: string,
  currency: Currency,
): Promise<readonly CartLine[]> {
  return (await client.query<CartLine>(linesOf(userId, currency))).rows
}

/** The lines, kept from changing until the transaction ends. */
export async function lockCart(
  client: pg.ClientBase,
  userId: string,
  currency: Currency,
): Promise<readonly CartLine[]> {
  return (await client.query<CartLine>(sql`${linesOf(userId, currency)} for update of line`)).rows
}

const linesInCart = 20

/** Adds to the cart, or changes the quantity of what is there. @throws Problem `not-found`, `out-of-stock`, `bad-request` */
export async function putLine(
  { pool, toolkit }: Services,
  userId: string,
  product: bigint,
  quantity: number,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ stock: number; lines: number }>(sql`
      select product.stock, (select count(*)::int from market.cart_line as line where line.user_id = ${userId}::text) as lines
        from market.product as product
       where product.id = ${product}::bigint`)
    const found = rows[0]
    if (found === undefined) throw new Problem('not-found', `There is no product ${product}.`)
    if (found.stock < quantity)
      throw new Problem('out-of-stock', `Product ${product} has ${found.stock} left, and ${quantity} were asked for.`)
    if (found.lines >= linesInCart)
      throw new Problem('bad-request', `A cart has at most ${linesInCart} lines. Check out first.`)
    await client.query(sql`
      insert into market.cart_line as line (user_id, product_id, quantity)
      values (${userId}::text, ${product}::bigint, ${quantity}::int)
      on conflict (user_id, product_id) do update set quantity = excluded.quantity`)
    await toolkit.events.record(client, {
      type: 'cart.line-put',
      subject: userId,
      actor: userId,
      data: { product: product.toString(), quantity },
    })
  })
}

/** @returns whether it was in the cart */
export async function removeLine(pool: pg.Pool, userId: string, product: bigint): Promise<boolean> {
  const { rowCount } = await pool.query(sql`
    delete from market.cart_line as line where line.user_id = ${userId}::text and line.product_id = ${product}::bigint`)
  return rowCount === 1
}
