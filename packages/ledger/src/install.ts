import { readFile } from 'node:fs/promises'
import sql from 'sql-template-tag'
import { type Client, inTransaction, type Pool } from './client.ts'

// Any constant will do; this one is 'ledger' in ASCII.
const installLock = 0x6c6564676572n

/** Makes the schema `ledger` where it is not there yet. Safe to call from many processes at once. */
export async function install(pool: Pool): Promise<void> {
  const up = await schemaSql()
  await inTransaction(pool, 'read write', async (client: Client) => {
    await client.query(sql`select pg_advisory_xact_lock(${installLock}::bigint)`)
    const { rows } = await client.query<{ there: boolean }>(
      sql`select to_regclass('ledger.entry') is not null as there`,
    )
    // Several statements in one text: only the simple protocol takes them, so no parameters.
    if (rows[0]?.there !== true) await client.query({ text: up, values: [] })
  })
}

/** What {@link install} runs on a database without the ledger, for those who need the schema on a database of their own. */
export const schemaSql = (): Promise<string> =>
  readFile(new URL('../migrations/0001_ledger/up.sql', import.meta.url), 'utf8')
