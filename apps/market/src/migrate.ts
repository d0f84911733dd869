import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import * as ledger from '@sankofa/ledger'
import type pg from 'pg'
import { inTransaction } from 'sankofa/db'
import sql from 'sql-template-tag'

const folder = new URL('../migrations/', import.meta.url)

/**
 * Brings the database to what this code needs: the ledger, then every migration that is not applied yet, each in its own
 * transaction. Processes that start together take turns.
 *
 * @returns the names of what was applied now
 * @throws Error when an applied migration was edited afterwards
 */
export async function migrate(pool: pg.Pool): Promise<readonly string[]> {
  await ledger.install(pool)
  await pool.query(sql`
    create table if not exists public.market_migration (
      name       text        primary key,
      sha256     text        not null,
      applied_at timestamptz not null default clock_timestamp()
    )`)
  const applied: string[] = []
  for (const name of (await readdir(folder)).sort()) {
    const up = await readFile(new URL(`${name}/up.sql`, folder), 'utf8')
    if (await applyOnce(pool, name, up)) applied.push(name)
  }
  return applied
}

async function applyOnce(pool: pg.Pool, name: string, up: string): Promise<boolean> {
  const sha256 = createHash('sha256').update(up).digest('hex')
  return inTransaction(pool, async (client) => {
    await client.query(sql`lock table public.market_migration in share row exclusive mode`)
    const { rows } = await client.query<{ sha256: string }>(
      sql`select migration.sha256 from public.market_migration as migration where migration.name = ${name}::text`,
    )
    const before = rows[0]
    if (before !== undefined && before.sha256 !== sha256) {
      throw new Error(
        `Migration ${name} was applied with other contents. Restore its up.sql and put the difference into a new migration.`,
      )
    }
    if (before !== undefined) return false
    await client.query("set local lock_timeout = '2s'")
    await client.query(up)
    await client.query(sql`insert into public.market_migration (name, sha256) values (${name}::text, ${sha256}::text)`)
    return true
  })
}
