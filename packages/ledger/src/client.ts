/** A `bigint` column: `pg` gives text, unless a type parser makes a bigint of it. */
export type Int8 = string | bigint

/** What the ledger needs of a `pg` client. Writes need one that is inside a transaction: the caller begins and commits. */
export interface Client {
  // biome-ignore lint/suspicious/noExplicitAny: the same open row type as in pg's own declaration
  query<Row extends Record<string, any>>(query: { text: string; values: unknown[] }): Promise<{ rows: Row[] }>
}

/** What `install` and `verify` need of a `pg` pool. */
export interface Pool {
  connect(): Promise<Client & { release(broken?: boolean): void }>
}

/** Runs `work` in a transaction of its own, undone when it throws. */
export async function inTransaction<T>(
  pool: Pool,
  mode: 'read write' | 'repeatable read read only',
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query({
      text: mode === 'read write' ? 'begin' : 'begin isolation level repeatable read read only',
      values: [],
    })
    const result = await work(client)
    await client.query({ text: 'commit', values: [] })
    return result
  } catch (error) {
    await client.query({ text: 'rollback', values: [] }).catch(() => {
      broken = true
    })
    throw error
  } finally {
    client.release(broken)
  }
}
