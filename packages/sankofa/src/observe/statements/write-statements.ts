import type pg from 'pg'
import type { KnownPair } from './known-statements.ts'

/** As the writer of the windows: a server that hangs must not hold it. */
const queryTimeoutMs = 5_000

// Kinds are joined, because another process may have seen others. Rows in the order of their keys, so that two processes
// never wait for one another in a circle.
const statement = `
  with known as (
    insert into sankofa.statement as statement (id, text, parameter_types, first_seen, last_seen)
    select new.id, new.text, array(select jsonb_array_elements_text(new.types)), new.first_seen, new.last_seen
      from unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[])
           as new (id, text, types, first_seen, last_seen)
     order by new.id
    on conflict (id) do update
       set last_seen = greatest(statement.last_seen, excluded.last_seen),
           parameter_types = array(
             select coalesce((select string_agg(distinct kind, ' | ' order by kind)
                                from unnest(string_to_array(before, ' | ') || string_to_array(now, ' | ')) as kind), '')
               from unnest(statement.parameter_types, excluded.parameter_types) with ordinality as each (before, now, position)
              order by each.position)
  )
  insert into sankofa.statement_route as sent (statement_id, route, release, n, succeeded, first_seen, last_seen)
  select new.id, new.route, $6::text, new.n, new.succeeded, new.first_seen, new.last_seen
    from unnest($7::text[], $8::text[], $9::bigint[], $10::boolean[], $11::timestamptz[], $12::timestamptz[])
         as new (id, route, n, succeeded, first_seen, last_seen)
   order by new.id, new.route
  on conflict (statement_id, route, release) do update
     set n = sent.n + excluded.n,
         succeeded = sent.succeeded or excluded.succeeded,
         last_seen = greatest(sent.last_seen, excluded.last_seen)`

/** One round trip. */
export async function writeStatements(pool: pg.Pool, release: string, pairs: readonly KnownPair[]): Promise<void> {
  const texts = [...new Map(pairs.map((pair) => [pair.statement.id, pair])).values()]
  const query: pg.QueryConfig & { query_timeout: number } = {
    text: statement,
    values: [
      texts.map((pair) => pair.statement.id),
      texts.map((pair) => pair.statement.text),
      texts.map((pair) => JSON.stringify(pair.parameterTypes())),
      texts.map((pair) => new Date(pair.statement.firstMs)),
      texts.map((pair) => new Date(pair.statement.lastMs)),
      release,
      pairs.map((pair) => pair.statement.id),
      pairs.map((pair) => pair.route),
      pairs.map((pair) => pair.sending()),
      pairs.map((pair) => pair.succeeded),
      pairs.map((pair) => new Date(pair.firstMs)),
      pairs.map((pair) => new Date(pair.lastMs)),
    ],
    query_timeout: queryTimeoutMs,
  }
  await pool.query(query)
}
