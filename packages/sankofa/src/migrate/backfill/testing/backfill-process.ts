// A backfill in a process of its own, for tests that kill it: says so before each batch.
import { systemClock } from '../../../core/index.ts'
import { createPool } from '../../../db/index.ts'
import { runBackfill } from '../run-backfill.ts'

const pool = createPool({ url: process.env.BACKFILL_URL ?? '', applicationName: 'backfill' })
await runBackfill({
  pool,
  clock: systemClock,
  name: 'killed',
  table: 'item',
  key: 'id',
  batch: 7,
  statement: 'update item set n = n + 1 where id between $1 and $2',
  pauseWhile: async () => {
    process.stdout.write('batch\n')
    return undefined
  },
})
await pool.end()
