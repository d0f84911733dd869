import type pg from 'pg'
import type { Clock } from '../../core/index.ts'

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
