import type pg from 'pg'
import { type Clock, SankofaError } from '../../core/index.ts'
import { inTransaction } from '../../db/index.ts'
import { untilUnblocked } from '../apply/attempts.ts'
import type { StepClient } from '../migration.ts'

export type BackfillOptions = {
  readonly pool: pg.Pool
  /** Names it: a second run with this name goes on where the first one ended. */
  readonly name: string
  readonly table: string
  /** A column that is not null and has an index, such as the primary key. */
  readonly key: string
  /** Rows in the first batch; later ones are as large as 100 ms allow. 1,000 unless told. */
  readonly batch?: number
  /** One statement; `$1` and `$2` are the first and the last key of the batch, both inclusive. */
  readonly statement: string
  readonly clock: Clock
  /** Asked before each batch: a reason to wait, or `undefined` to go on. */
  readonly pauseWhile?: () => Promise<string | undefined>
  readonly lockTimeoutMs?: number
  readonly signal?: AbortSignal
}

export type Backfilled = { readonly rows: bigint; readonly batches: bigint; readonly tookMs: number }

/**
 * Moves data a batch at a time, each in its own short transaction together with how far it has come: after a kill it goes on
 * with the next batch, and no row is done twice.
 *
 * @throws SankofaError `BACKFILL_WRONG`, `MIGRATION_BLOCKED`; the batches before are done
 */
export async function runBackfill(options: BackfillOptions): Promise<Backfilled> {
  const began = performance.now()
  const key = await readKey(options)
  let progress = await begin(options, key)
  while (progress.state !== 'done') {
    await waitWhilePaused(options)
    if (options.signal?.aborted === true) break
    progress = await oneBatch(options, key, progress)
  }
  return { rows: BigInt(progress.rows), batches: BigInt(progress.batches), tookMs: performance.now() - began }
}

type Key = { readonly relation: string; readonly column: string; readonly type: string }
type Progress = {
  readonly lastKey: string | null
  readonly size: number
  readonly state: 'running' | 'paused' | 'done'
  readonly rows: bigint | string
  readonly batches: bigint | string
}

const wantedMs = 100
const largest = 100_000
const columns = `backfill.last_key as "lastKey", backfill.batch_size as size, backfill.state, backfill.rows, backfill.batches`

async function readKey({ pool, name, table, key }: BackfillOptions): Promise<Key> {
  const { rows } = await pool.query<{
    relation: string
    column: string
    type: string
    required: boolean
    indexed: boolean
  }>(
    `select attribute.attrelid::regclass::text as relation, pg_catalog.quote_ident(attribute.attname) as column,
            pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as type, attribute.attnotnull as required,
            exists (
              select from pg_catalog.pg_index
               where pg_index.indrelid = attribute.attrelid and pg_index.indkey[0] = attribute.attnum and pg_index.indisvalid
                 and pg_index.indpred is null
            ) as indexed
       from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = pg_catalog.to_regclass($1) and attribute.attname = $2 and not attribute.attisdropped`,
    [table, key],
  )
  const [found] = rows
  const wrong = (reason: string): SankofaError => new SankofaError('BACKFILL_WRONG', { name, reason })
  if (found === undefined) throw wrong(`there is no column ${key} in a table ${table}`)
  if (!found.required) throw wrong(`the key ${table}.${key} may be null, and such rows would be left out`)
  if (!found.indexed)
    throw wrong(`the key ${table}.${key} leads no index, so that each batch would read the whole table`)
  return found
}

async function begin(options: BackfillOptions, key: Key): Promise<Progress> {
  const { pool, name, batch = 1_000 } = options
  const { rows } = await pool.query<Progress>(
    `insert into sankofa.backfill as backfill (name, relation, key_column, batch_size, estimated_rows)
     values ($1, $2, $3, $4, (
       select nullif(pg_class.reltuples, -1)::bigint from pg_catalog.pg_class where pg_class.oid = pg_catalog.to_regclass($2)
     ))
     on conflict (name) do update set touched_at = clock_timestamp()
     returning ${columns}`,
    [name, key.relation, key.column, batch],
  )
  return only(rows)
}

async function waitWhilePaused({ pool, name, clock, pauseWhile, signal }: BackfillOptions): Promise<void> {
  let paused = false
  for (;;) {
    const reason = signal?.aborted === true ? undefined : await pauseWhile?.()
    if (reason === undefined && !paused) return
    await pool.query(
      `update sankofa.backfill as backfill
          set state = case when $2::text is null then 'running' else 'paused' end, paused_because = $2,
              touched_at = clock_timestamp()
        where backfill.name = $1 and backfill.state <> 'done'`,
      [name, reason ?? null],
    )
    if (reason === undefined) return
    paused = true
    await clock.sleep(1_000, signal)
  }
}

function oneBatch(options: BackfillOptions, key: Key, progress: Progress): Promise<Progress> {
  const { pool, clock, name, statement, lockTimeoutMs = 2_000 } = options
  const attempts = { pool, clock, tries: 20, giveUpAfterMs: 300_000, lockTimeoutMs }
  return untilUnblocked(attempts, { pid: 0, migration: `the backfill ${name}` }, () =>
    inTransaction(pool, async (client) => {
      await client.query(`set local lock_timeout = ${lockTimeoutMs}`)
      // The row is the turn: who comes second waits here, then sees that the first has moved on.
      const { rows } = await client.query<Progress>(
        `select ${columns} from sankofa.backfill as backfill where backfill.name = $1 for update`,
        [name],
      )
      const now = only(rows)
      if (now.state === 'done' || now.lastKey !== progress.lastKey) return now
      const range = await nextRange(client, key, now)
      if (range === undefined) return finish(client, name)
      const began = performance.now()
      const { rowCount } = await client.query(statement, [range.first, range.last])
      return advance(client, name, range.last, rowCount ?? 0, sizeAfter(now.size, performance.now() - began))
    }),
  )
}

/** The next rows by key. Several rows with the last key all belong to it, since the statement takes keys, not rows. */
async function nextRange(
  client: StepClient,
  { relation, column, type }: Key,
  { lastKey, size }: Progress,
): Promise<{ readonly first: string; readonly last: string } | undefined> {
  const after = lastKey === null ? '' : `where ${column} > $2::${type}`
  const { rows } = await client.query<{ first: string | null; last: string | null }>(
    `select (array_agg(batch.key order by batch.key))[1]::text as first,
            (array_agg(batch.key order by batch.key desc))[1]::text as last
       from (select ${column} as key from ${relation} ${after} order by ${column} limit $1::int) as batch`,
    lastKey === null ? [size] : [size, lastKey],
  )
  const { first = null, last = null } = rows[0] ?? {}
  return first === null || last === null ? undefined : { first, last }
}

/** Twice as large at most, and half as large at least: one slow batch is no rule. */
const sizeAfter = (size: number, tookMs: number): number =>
  Math.min(largest, Math.max(1, Math.round(size * Math.min(2, Math.max(0.5, wantedMs / Math.max(tookMs, 1))))))

async function advance(client: StepClient, name: string, lastKey: string, n: number, size: number): Promise<Progress> {
  const { rows } = await client.query<Progress>(
    `update sankofa.backfill as backfill
        set last_key = $2, rows = backfill.rows + $3, batches = backfill.batches + 1, batch_size = $4, state = 'running',
            paused_because = null, touched_at = clock_timestamp()
      where backfill.name = $1
     returning ${columns}`,
    [name, lastKey, n, size],
  )
  return only(rows)
}

async function finish(client: StepClient, name: string): Promise<Progress> {
  const { rows } = await client.query<Progress>(
    `update sankofa.backfill as backfill
        set state = 'done', paused_because = null, touched_at = clock_timestamp(), done_at = clock_timestamp()
      where backfill.name = $1
     returning ${columns}`,
    [name],
  )
  return only(rows)
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows
  if (row === undefined) throw new Error('the row of the backfill is gone: somebody has taken its migration back')
  return row
}
