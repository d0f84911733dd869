import type pg from 'pg'
import { withoutValues } from '../sql/without-values.ts'

/** Looks from another connection at who makes a connection wait. Begins to look only after `afterMs`. */
export type BlockerWatch = {
  /** Ends the watch. @returns those seen last, in words */
  stop(): Promise<readonly string[]>
}

export function watchBlockers(pool: pg.Pool, pid: number, afterMs: number): BlockerWatch {
  let seen: readonly string[] = []
  let looking: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    try {
      const found = await readBlockers(pool, pid)
      if (found.length > 0) seen = found
    } catch {
      // Only words for a message are at stake.
    }
    if (timer !== undefined) plan()
  }
  const plan = (): void => {
    timer = setTimeout(() => {
      looking = look()
    }, afterMs)
    timer.unref()
  }
  // With one connection at most there is none left to look from.
  if ((pool.options?.max ?? 10) > 1) plan()
  return {
    async stop() {
      clearTimeout(timer)
      timer = undefined
      await looking
      return seen
    },
  }
}

async function readBlockers(pool: pg.Pool, pid: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{
    pid: number
    application: string | null
    state: string | null
    query: string | null
    age_s: number | null
  }>(
    `select activity.pid, activity.application_name as application, activity.state, activity.query,
            extract(epoch from clock_timestamp() - activity.xact_start)::double precision as age_s
       from unnest(pg_catalog.pg_blocking_pids($1)) as blocking (pid)
       join pg_catalog.pg_stat_activity as activity on activity.pid = blocking.pid
      order by activity.xact_start`,
    [pid],
  )
  // What they sent may hold anything, and this goes into logs.
  return Promise.all(
    rows.map(async (row) => {
      const query = (await withoutValues(row.query ?? '')).slice(0, 100)
      const age = row.age_s === null ? '' : `, in a transaction for ${Math.round(row.age_s)} s`
      return `process ${row.pid}${row.application ? ` "${row.application}"` : ''}${age}${row.state ? `, ${row.state}` : ''}${query === '' ? '' : `: ${query}`}`
    }),
  )
}
