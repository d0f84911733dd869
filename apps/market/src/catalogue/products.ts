import type pg from 'pg'
import sql, { empty } from 'sql-template-tag'
import type { Currency } from '../money.ts'
import { Problem } from '../problem.ts'

export type Product = {
  readonly id: bigint
  readonly sku: string
  readonly name: string
  readonly category: string
  readonly price: bigint
  readonly stock: number
}

export const pageSize = 20

const columns = sql`product.id, product.sku, product.name, product.category, price.amount as price, product.stock`
const priced = (currency: Currency) => sql`
  from market.product as product
  join market.product_price as price on price.product_id = product.id and price.currency = ${currency}::text`

export type Page = { readonly category?: string; readonly page: number; readonly currency: Currency }

/** One page by name, and how many there are in all. */
export async function listProducts(
  pool: pg.Pool,
  page: Page,
): Promise<{ readonly products: readonly Product[]; readonly total: number }> {
  const where = page.category === undefined ? empty : sql`where product.category = ${page.category}::text`
  const counted = await pool.query<{ total: number }>(
    sql`select count(*)::int as total from market.product as product ${where}`,
  )
  const { rows } = await pool.query<Product>(sql`
    select ${columns} ${priced(page.currency)} ${where}
     order by lower(product.name), product.id
     limit ${pageSize} offset ${(page.page - 1) * pageSize}`)
  return { products: rows, total: counted.rows[0]?.total ?? 0 }
}

const collator = new Intl.Collator('en', { sensitivity: 'base' })

/** The path of `demo-good-sorting`: the same pages, sorted here by the reader's alphabet instead of the database's. */
export async function listProductsSortedHere(
  pool: pg.Pool,
  page: Page,
): Promise<{ readonly products: readonly Product[]; readonly total: number }> {
  const where = page.category === undefined ? empty : sql`where product.category = ${page.category}::text`
  const { rows: names } = await pool.query<{ id: bigint; name: string }>(
    sql`select product.id, product.name from market.product as product ${where}`,
  )
  const sorted = names.sort((a, b) => collator.compare(a.name, b.name) || Number(a.id - b.id))
  const ids = sorted.slice((page.page - 1) * pageSize, page.page * pageSize).map((row) => row.id)
  const { rows } = await pool.query<Product>(
    sql`select ${columns} ${priced(page.currency)} where product.id = any (${ids}::bigint[])`,
  )
  const found = new Map(rows.map((row) => [row.id, row]))
  return { products: ids.flatMap((id) => found.get(id) ?? []), total: names.length }
}

/** @throws Problem `not-found` */
export async function findProduct(
  pool: pg.Pool,
  id: bigint,
  currency: Currency,
): Promise<Product & { readonly description: string; readonly sold: number }> {
  const { rows } = await pool.query<Product & { description: string }>(sql`
    select ${columns}, product.description ${priced(currency)} where product.id = ${id}::bigint`)
  const product = rows[0]
  if (product === undefined) throw new Problem('not-found', `There is no product ${id}.`)
  const { rows: sales } = await pool.query<{ sold: number }>(sql`
    select coalesce(sum(recent.quantity), 0)::int as sold
      from (select line.quantity
              from market.order_line as line
             where line.product_id = ${id}::bigint
             order by line.order_id desc
             limit 100) as recent`)
  return { ...product, sold: sales[0]?.sold ?? 0 }
}

export async function recommendations(pool: pg.Pool, id: bigint, currency: Currency): Promise<readonly Product[]> {
  const { category } = await findProduct(pool, id, currency)
  const { rows } = await pool.query<Product>(sql`
    select ${columns} ${priced(currency)}
     where product.category = ${category}::text and product.id <> ${id}::bigint
     order by product.id
     limit 4`)
  return rows
}

/** The path of `demo-good-recommendations`: what was bought together with it lately, filled up from its category. */
export async function recommendationsByOrders(
  pool: pg.Pool,
  id: bigint,
  currency: Currency,
): Promise<readonly Product[]> {
  const { rows } = await pool.query<Product>(sql`
    with recent as (
      select line.order_id
        from market.order_line as line
       where line.product_id = ${id}::bigint
       order by line.order_id desc
       limit 50
    ), together as (
      select line.product_id, count(*) as times
        from recent
        join market.order_line as line on line.order_id = recent.order_id
       where line.product_id <> ${id}::bigint
       group by line.product_id
       order by times desc
       limit 4
    )
    select ${columns} ${priced(currency)}
      join together on together.product_id = product.id
     order by together.times desc, product.id`)
  if (rows.length === 4) return rows
  const known = new Set(rows.map((row) => row.id))
  const others = await recommendations(pool, id, currency)
  return [...rows, ...others.filter((product) => !known.has(product.id))].slice(0, 4)
}
