import type pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../core/index.ts'
import { inTransaction } from '../db/index.ts'
import type { Channel } from './channels/channel.ts'
import type { NamedAttempt } from './settings.ts'
import type { Times } from './text/time.ts'

/** What every step of the alerter needs. */
export type Tools = {
  readonly pool: pg.Pool
  readonly channels: readonly Channel[]
  readonly attempts: readonly NamedAttempt[]
  /** How the service is called towards its owner. */
  readonly service: string
  readonly normalForMs: number
  readonly stillHappeningAfterMs: number
  readonly publicUrl: string | undefined
  readonly times: Times
  readonly clock: Clock
  readonly log: Logger
}

/** One alerter writes at a time. Transaction-level, so that it works behind a transaction pooler. */
export const alone = <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> =>
  inTransaction(pool, async (client) => {
    await client.query(`select pg_advisory_xact_lock(hashtext('sankofa.alert'))`)
    return work(client)
  })
