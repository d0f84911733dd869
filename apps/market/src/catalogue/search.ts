import type pg from 'pg'
import sql from 'sql-template-tag'
import type { Currency } from '../money.ts'
import type { Product } from './products.ts'

/** The best matches, and how many match in each category. */
export type Found = {
  readonly products: readonly Product[]
  readonly categories: readonly { readonly category: string; readonly n: number }[]
}

export async function search(pool: pg.Pool, words: string, currency: Currency): Promise<Found> {
  const { rows: products } = await pool.query<Product>(sql`
    select product.id, product.sku, product.name, product.category, price.amount as price, product.stock
      from market.product as product
      join market.product_price as price on price.product_id = product.id and price.currency = ${currency}::text
     where product.words @@ websearch_to_tsquery('english', ${words}::text)
     order by ts_rank(product.words, websearch_to_tsquery('english', ${words}::text)) desc, product.id
     limit 20`)
  const { rows: categories } = await pool.query<{ category: string; n: number }>(sql`
    select product.category, count(*)::int as n
      from market.product as product
     where product.words @@ websearch_to_tsquery('english', ${words}::text)
     group by product.category
     order by n desc, product.category`)
  return { products, categories }
}

/**
 * The path of `demo-slow-search`: the same answer, after weighing every product's text against the words without an index, the
 * way a well-meant "better ranking" does it.
 */
export async function searchSlowly(pool: pg.Pool, words: string, currency: Currency): Promise<Found> {
  await pool.query(sql`
    select product.id, sum(ts_rank_cd(to_tsvector('english', product.description || ' ' || product.name), to_tsquery('english', lexeme.word)))
      from market.product as product
     cross join unnest(tsvector_to_array(to_tsvector('english', ${words}::text)) || array['good', 'new']) as lexeme (word)
     group by product.id
     order by 2 desc
     limit 20`)
  return search(pool, words, currency)
}
