import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Account } from './account.ts'
import { openAccount } from './account.ts'
import { install } from './install.ts'
import { type Insufficient, type Transferred, transfer } from './transfer.ts'

/** Runs `work` in a transaction of its own. */
export async function inOwn<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // A connection that a test ends tells it here too; the query that fails is what the test looks at.
  const onError = () => undefined
  client.on('error', onError)
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.off('error', onError)
    client.release()
  }
}

export type Bank = {
  /** The account that money comes from and goes to; it has no limit. */
  readonly world: Account
  readonly wallets: readonly Account[]
  move(from: Account, to: Account, amount: bigint, key?: string): Promise<Transferred | Insufficient>
}

/** A ledger with `wallets` accounts in one currency, each with `funds`. */
export async function openBank(pool: pg.Pool, wallets: number, funds: bigint, currency = 'NGN'): Promise<Bank> {
  await install(pool)
  const move: Bank['move'] = (from, to, amount, key = randomUUID()) =>
    inOwn(pool, (client) =>
      transfer(client, {
        key,
        actor: 'test',
        reason: 'test',
        entries: [
          { account: from.id, amount: -amount },
          { account: to.id, amount },
        ],
      }),
    )
  const [world, ...opened] = await inOwn(pool, async (client) => {
    const accounts = [await openAccount(client, { owner: 'system', name: 'world', currency, minimum: 'none' })]
    for (let n = 0; n < wallets; n++)
      accounts.push(await openAccount(client, { owner: `user-${n}`, name: 'wallet', currency, holds: true }))
    return accounts
  })
  if (world === undefined) throw new Error('no world account was opened')
  if (funds > 0n) for (const wallet of opened) await move(world, wallet, funds)
  return { world, wallets: opened, move }
}
