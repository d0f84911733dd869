import type { Clock } from '../../core/index.ts'
import { SankofaError } from '../../core/index.ts'
import type { StepClient } from '../migration.ts'

/** Who holds the migrations' lock. */
export type Holder = {
  readonly pid: number
  readonly application: string
  /** Absent where this role may not see it. */
  readonly since?: Date
}

// 'sank' and 'migr' in ASCII. PostgreSQL keeps advisory locks apart by database.
const lock = '1935765099, 1835624306'

/**
 * Waits until no other migrator is at work. The lock belongs to the connection that also does the work: when the runner is
 * killed while PostgreSQL still executes what it sent, the lock stays until that has ended.
 *
 * @throws SankofaError `MIGRATIONS_BUSY` after `waitMs`, and says who holds it
 */
export async function takeLock(client: StepClient, options: { clock: Clock; waitMs: number }): Promise<void> {
  const began = performance.now()
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    // Asked again and again, never waited for: a waiting query would hold a snapshot, and CREATE INDEX CONCURRENTLY of the
    // other migrator would wait for that one.
    const { rows } = await client.query<{ mine: boolean }>(`select pg_catalog.pg_try_advisory_lock(${lock}) as mine`)
    if (rows[0]?.mine === true) return
    const waitedMs = performance.now() - began
    if (waitedMs >= options.waitMs) {
      const holder = await whoHoldsLock(client)
      // It may have been given back just now.
      if (holder === undefined) continue
      throw new SankofaError('MIGRATIONS_BUSY', { by: describeHolder(holder), waitedS: Math.round(waitedMs / 1_000) })
    }
    await options.clock.sleep(Math.min(pauseMs, options.waitMs - waitedMs))
  }
}

export const releaseLock = async (client: StepClient): Promise<void> =>
  void (await client.query(`select pg_catalog.pg_advisory_unlock(${lock})`))

export async function whoHoldsLock(client: StepClient): Promise<Holder | undefined> {
  const { rows } = await client.query<{ pid: number; application: string | null; since: Date | null }>(
    `select held.pid, activity.application_name as application, activity.backend_start as since
       from pg_catalog.pg_locks as held
       left join pg_catalog.pg_stat_activity as activity on activity.pid = held.pid
      where held.locktype = 'advisory' and held.granted and held.objsubid = 2
        and (held.classid::bigint, held.objid::bigint) = (${lock})
        and held.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`,
  )
  const [row] = rows
  if (row === undefined) return undefined
  return {
    pid: row.pid,
    application: row.application ?? '',
    ...(row.since === null ? {} : { since: row.since }),
  }
}

const describeHolder = ({ pid, application, since }: Holder): string =>
  `process ${pid}${application === '' ? '' : ` "${application}"`}${since === undefined ? '' : `, since ${since.toISOString()}`}`
