import type pg from 'pg'
import type { ChangeId } from '../core/index.ts'
import { type KnownState, parseState } from './known-state.ts'

/** What the journal says last of a change that is taken back on this host. */
export type Outcome = 'live' | 'over'

export type StateAnswer = {
  readonly state: KnownState
  /** The same as it came, for the file. */
  readonly written: unknown
  readonly outcomes: ReadonlyMap<ChangeId, Outcome>
}

// The server gives up first, so that a table that stays locked does not collect waiting connections; the client gives up
// on a server that does not even say so, or the loop would not notice when it is back.
const serverGivesUpMs = 1_500
const clientGivesUpMs = 2_000

/** Flags, tunables, open watches and outcomes in one statement, so that all of them are of one moment. */
export async function readState(pool: pg.Pool, overridden: readonly ChangeId[]): Promise<StateAnswer> {
  const row = await ask(pool, overridden)
  const state = parseState(row.state)
  if (state === undefined) throw new Error('the flag tables hold something that this version cannot read')
  const over = new Set(row.over)
  return {
    state,
    written: row.state,
    outcomes: new Map(overridden.map((change) => [change, over.has(change) ? 'over' : 'live'])),
  }
}

type Row = { readonly state: unknown; readonly over: readonly ChangeId[] }

async function ask(pool: pg.Pool, overridden: readonly ChangeId[]): Promise<Row> {
  const client = await pool.connect()
  const query = (text: string, values: unknown[] = []): Promise<pg.QueryResult<Row>> => {
    const bounded: pg.QueryConfig & { readonly query_timeout: number } = {
      text,
      values,
      query_timeout: clientGivesUpMs,
    }
    return client.query<Row>(bounded)
  }
  let failed = true
  try {
    await query('begin read only')
    await query(`set local statement_timeout = ${serverGivesUpMs}`)
    const answer = await query(statement, [overridden])
    await query('commit')
    const [row] = answer.rows
    if (row === undefined) throw new Error('the flag tables gave no answer')
    failed = false
    return row
  } finally {
    // After an error the connection may still be waiting for its answer: it is closed, not used again.
    client.release(failed)
  }
}

// A change is over when its last start has come to an end, and also when it never started.
const statement = `
select jsonb_build_object(
         'format', 1,
         'asOfMs', floor(extract(epoch from statement_timestamp()) * 1000),
         'flags', (
           select coalesce(jsonb_agg(jsonb_build_object(
                    'flag', flag.flag,
                    'change', flag.change_id,
                    'goId', flag.go_id::text,
                    'salt', flag.salt,
                    'stage', flag.stage,
                    'share', flag.share,
                    'shareBefore', flag.share_before,
                    'settled', flag.settled) order by flag.flag), '[]'::jsonb)
             from sankofa.flag as flag),
         'tunables', (
           select coalesce(jsonb_agg(jsonb_build_object(
                    'tunable', tunable.tunable,
                    'change', tunable.change_id,
                    'value', tunable.value,
                    'before', case when tunable.value_before is not null
                                   then jsonb_build_object('value', tunable.value_before) end) order by tunable.tunable), '[]'::jsonb)
             from sankofa.tunable as tunable),
         'releases', (
           select coalesce(jsonb_agg(jsonb_build_object(
                    'service', split.service,
                    'current', split.current_release,
                    'next', split.next_release,
                    'change', split.change_id,
                    'goId', split.go_id::text,
                    'salt', split.salt,
                    'stage', split.stage,
                    'share', split.share,
                    'shareBefore', split.share_before) order by split.service), '[]'::jsonb)
             from sankofa.release_split as split),
         'watches', (
           select coalesce(jsonb_agg(jsonb_build_object(
                    'goId', watch.go_id::text,
                    'guards', watch.guards,
                    'sampleRate', watch.sample_rate) order by watch.go_id), '[]'::jsonb)
             from sankofa.watch as watch
            where watch.closed_at is null)
       ) as state,
       (
         select coalesce(jsonb_agg(asked.change_id), '[]'::jsonb)
           from unnest($1::text[]) as asked (change_id)
          where coalesce((
                  select journal.type
                    from sankofa.journal as journal
                   where journal.change_id = asked.change_id
                     and journal.type in ('started', 'undone', 'settled')
                   order by journal.id desc
                   limit 1), 'undone') <> 'started'
       ) as over`
