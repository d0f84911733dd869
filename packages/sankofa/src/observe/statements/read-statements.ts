import type pg from 'pg'
import type { RecordedStatement } from './recorded-statement.ts'

/** Which statements are wanted; all of the last 14 days unless told. */
export type StatementFilter = {
  readonly release?: string
  /** Seen at this time or later, in milliseconds since 1970. */
  readonly sinceMs?: number
}

/**
 * What the running releases send, most frequent first. A statement that PostgreSQL never took is left out: it cannot be
 * broken by a change.
 */
export async function readStatements(
  client: Pick<pg.ClientBase, 'query'>,
  filter: StatementFilter = {},
): Promise<readonly RecordedStatement[]> {
  const { rows } = await client.query<{
    text: string
    parameter_types: string[]
    routes: string[]
    releases: string[]
    n: number
    last_seen: Date
  }>(
    `select statement.text,
            statement.parameter_types,
            array_agg(distinct sent.route order by sent.route) as routes,
            array_agg(distinct sent.release order by sent.release) as releases,
            sum(sent.n)::float8 as n,
            max(sent.last_seen) as last_seen
       from sankofa.statement as statement
       join sankofa.statement_route as sent on sent.statement_id = statement.id
      where ($1::text is null or sent.release = $1::text)
        and ($2::timestamptz is null or sent.last_seen >= $2::timestamptz)
      group by statement.id
     having bool_or(sent.succeeded)
      order by n desc, statement.id`,
    [filter.release ?? null, filter.sinceMs === undefined ? null : new Date(filter.sinceMs)],
  )
  return rows.map((row) => ({
    text: row.text,
    parameterTypes: row.parameter_types,
    routes: row.routes,
    releases: row.releases,
    n: row.n,
    lastSeen: row.last_seen,
  }))
}
