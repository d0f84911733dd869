import type pg from 'pg'
import { SankofaError } from '../core/index.ts'
import { inTransaction } from './pool.ts'

export type Lease = {
  /** Takes the lease when it is free or has expired. @returns its epoch, or `undefined` while another holds it */
  acquire(): Promise<bigint | undefined>
  /** @returns false once another has taken over */
  renew(epoch: bigint): Promise<boolean>
  release(epoch: bigint): Promise<void>
}

/** The lease that the leader among the watchers holds; its epoch fences the replaced (`withFence`). */
export const watcherLease = 'watcher'

/** The lease of whoever ships a service: as long as it is held, the deployer lives. */
export const shipLease = (service: string): string => `ship ${service}`

/**
 * A lease is a row, not a session lock: it survives a transaction pooler, and it expires with its holder.
 * All times are the database's own.
 *
 * @param options.holder - names this process in this life; never reuse it after a restart
 */
export function createLease(
  pool: pg.Pool,
  options: { readonly name: string; readonly holder: string; readonly ttlMs: number },
): Lease {
  const { name, holder, ttlMs } = options
  return {
    async acquire() {
      const taken = await pool.query<{ epoch: bigint }>(
        `insert into sankofa.lease as lease (name, holder, expires_at)
         values ($1, $2, clock_timestamp() + $3::double precision * interval '1 millisecond')
         on conflict (name) do update
            set holder = excluded.holder, epoch = lease.epoch + 1, expires_at = excluded.expires_at
          where lease.expires_at < clock_timestamp()
         returning lease.epoch`,
        [name, holder, ttlMs],
      )
      return taken.rows[0]?.epoch
    },
    async renew(epoch) {
      const renewed = await pool.query(
        `update sankofa.lease
            set expires_at = clock_timestamp() + $4::double precision * interval '1 millisecond'
          where lease.name = $1 and lease.holder = $2 and lease.epoch = $3`,
        [name, holder, epoch, ttlMs],
      )
      return renewed.rowCount === 1
    },
    async release(epoch) {
      await pool.query(
        `update sankofa.lease set expires_at = '-infinity' where lease.name = $1 and lease.holder = $2 and lease.epoch = $3`,
        [name, holder, epoch],
      )
    },
  }
}

/**
 * A transaction that only the present leader can commit: it holds the lease row, so nobody can take over while it runs.
 *
 * @throws SankofaError `STALE_EPOCH` when another leads; nothing of `work` has run
 */
export function withFence<T>(pool: pg.Pool, epoch: bigint, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query(`set local lock_timeout = '5s'`)
    const held = await client.query(
      'select 1 from sankofa.lease as lease where lease.name = $1 and lease.epoch = $2 for share',
      [watcherLease, epoch],
    )
    if (held.rowCount !== 1) throw new SankofaError('STALE_EPOCH', { epoch: String(epoch) })
    return work(client)
  })
}
