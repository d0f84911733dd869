import type pg from 'pg'
import { migrate } from './migrate.ts'
import { marketSecret } from './secrets.ts'
import { isEmpty, type Seeded, seed } from './seed/seed.ts'

/** Brings the database up to date and fills the shelves of a new shop. Processes that start together take turns. */
export async function prepare(
  pool: pg.Pool,
  secret: string,
): Promise<{ readonly applied: readonly string[]; readonly seeded: Seeded | undefined }> {
  const applied = await migrate(pool)
  const seeded = (await isEmpty(pool))
    ? await seed(pool, { customers: Number(process.env.MARKET_CUSTOMERS ?? 2_000), secret: marketSecret(secret) })
    : undefined
  return { applied, seeded }
}
