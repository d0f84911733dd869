import pg from 'pg'
import type { Clock } from '../../core/index.ts'
import { releaseLock, takeLock } from './lock.ts'

/** The one connection of a run: it holds the lock and does all the work, so that without the lock nothing can be written. */
export type Session = {
  readonly client: pg.PoolClient
  readonly pid: number
  /**
   * SQL that puts the settings of the connection where every migration may expect them: those of a new connection of this
   * pool, whatever an earlier migration has set.
   */
  readonly baseline: readonly string[]
  /** The same without a transaction around it. */
  readonly settings: readonly string[]
}

export type SessionOptions = {
  readonly pool: pg.Pool
  readonly clock: Clock
  readonly waitMs: number
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly holder: string
}

/** Does `work` while no other migrator is at work on this database. */
export async function inSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await options.pool.connect()
  // It may break between two queries; the next query says so.
  const ignore = (): void => {}
  client.on('error', ignore)
  try {
    const { settings, pid } = await readSettings(client, options)
    // In a transaction of its own: a migration may begin with SET TRANSACTION, which has to be the first of its transaction.
    const baseline = ['begin', ...settings, 'commit']
    await client.query(baseline.join(';'))
    await takeLock(client, options)
    try {
      return await work({ client, pid, baseline, settings })
    } finally {
      await releaseLock(client).catch(ignore)
    }
  } finally {
    // Never back into the pool: migrations may have set anything on it.
    client.release(true)
  }
}

async function readSettings(
  client: pg.PoolClient,
  options: SessionOptions,
): Promise<{ settings: readonly string[]; pid: number }> {
  const { rows } = await client.query<{ pid: number; name: string; setting: string; source: string }>(
    `select pg_catalog.pg_backend_pid() as pid, setting.name, setting.setting, setting.source
       from pg_catalog.pg_settings as setting
      where (setting.source = 'session' and setting.context in ('user', 'superuser'))
         or setting.name in ('lock_timeout', 'transaction_timeout')`,
  )
  const wanted = new Map(rows.filter(({ source }) => source === 'session').map(({ name, setting }) => [name, setting]))
  wanted.set('lock_timeout', String(options.lockTimeoutMs))
  wanted.set('statement_timeout', String(options.statementTimeoutMs))
  wanted.set('idle_in_transaction_session_timeout', '0')
  wanted.set('application_name', `sankofa migrate ${options.holder}`.trim().slice(0, 63))
  // Since PostgreSQL 17.
  if (rows.some(({ name }) => name === 'transaction_timeout')) wanted.set('transaction_timeout', '0')
  const settings = [...wanted].map(
    ([name, value]) => `pg_catalog.set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, false)`,
  )
  return {
    pid: rows[0]?.pid ?? 0,
    settings: ['reset session authorization', 'reset role', 'reset all', `select ${settings.join(', ')}`],
  }
}
