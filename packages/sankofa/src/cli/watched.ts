import type pg from 'pg'
import { watcherLease } from '../db/index.ts'

/** Whether a watcher leads now: without one nothing goes on, and nothing is taken back by itself. */
export async function isWatched(pool: pg.Pool): Promise<boolean> {
  const lease = await pool.query(
    'select 1 from sankofa.lease as lease where lease.name = $1 and lease.expires_at > clock_timestamp()',
    [watcherLease],
  )
  return lease.rowCount === 1
}
