import type pg from 'pg'
import { inTransaction } from '../db/index.ts'
import { decode, encode, type MutableHistogram, mergeInto } from '../histogram/index.ts'

const hourMs = 60 * 60_000
const dayMs = 24 * hourMs

/** How long each resolution is kept before it moves to the next; what is in the last is deleted at its end. */
export const retention = {
  tenSecondsMs: 48 * hourMs,
  minutesMs: 30 * dayMs,
  hoursMs: 400 * dayMs,
  /** Reports, whose gauges nobody reads after that. */
  reportsMs: 30 * dayMs,
  /** Hashes of subjects, after their change is over. */
  subjectsMs: 7 * dayMs,
  /** Statements that no release sends any more. */
  statementsMs: 14 * dayMs,
} as const

/** Windows moved in one transaction: bounds its memory and its locks. */
const chunkMs = hourMs
const chunksPerCall = 24

export type RolledUp = { readonly moved: number; readonly deleted: number }

/**
 * Moves old cells to a coarser resolution: 10 s → 1 min after 48 h → 1 h after 30 days. Rows move, they are not copied, so a
 * sum over any period is the same before and after, whatever resolutions it is made of. Run it hourly; it may run twice at once.
 */
export async function rollUp(pool: pg.Pool, nowMs: number): Promise<RolledUp> {
  let moved = await moveCells(pool, 10, 60, nowMs - retention.tenSecondsMs)
  moved += await moveCells(pool, 60, 3_600, nowMs - retention.minutesMs)
  let deleted = 0
  for (const [text, beforeMs] of expiries)
    deleted += (await pool.query(text, [new Date(nowMs - beforeMs)])).rowCount ?? 0
  return { moved, deleted }
}

const expiries: readonly (readonly [text: string, ageMs: number])[] = [
  [
    'delete from sankofa.cell as cell where cell.resolution_s = 3600 and cell.window_start < $1::timestamptz',
    retention.hoursMs,
  ],
  ['delete from sankofa.process_report as report where report.window_start < $1::timestamptz', retention.reportsMs],
  [
    `delete from sankofa.subject_window as part
      using sankofa.watch as watch
      where watch.go_id = part.go_id and watch.closed_at < $1::timestamptz`,
    retention.subjectsMs,
  ],
  ['delete from sankofa.statement_route as sent where sent.last_seen < $1::timestamptz', retention.statementsMs],
  ['delete from sankofa.statement as statement where statement.last_seen < $1::timestamptz', retention.statementsMs],
]

type CellRow = {
  readonly resolution_s: number
  readonly start_ms: string
  readonly route: string
  readonly status_class: string
  readonly release: string
  readonly change_id: string
  readonly arm: string
  readonly n: string
  readonly errors: string
  readonly unanswered: string
  readonly sum_us: string
  readonly max_us: string
  readonly sum_pool_us: string
  readonly sum_db_us: string
  readonly sum_http_us: string
  readonly sum_flush_us: string
  readonly histogram: Buffer
}

const added = [
  'n',
  'errors',
  'unanswered',
  'sum_us',
  'sum_pool_us',
  'sum_db_us',
  'sum_http_us',
  'sum_flush_us',
] as const
type Sums = {
  readonly row: CellRow
  readonly startMs: number
  maxUs: bigint
  readonly sums: Record<(typeof added)[number], bigint>
  readonly histogram: MutableHistogram
}

async function moveCells(pool: pg.Pool, fromS: number, toS: number, beforeMs: number): Promise<number> {
  const stepMs = toS * 1_000
  const endMs = Math.floor(beforeMs / stepMs) * stepMs
  let moved = 0
  for (let chunk = 0; chunk < chunksPerCall; chunk += 1) {
    const oldest = await pool.query<{ start_ms: string | null }>(
      `select extract(epoch from min(cell.window_start)) * 1000 as start_ms
         from sankofa.cell as cell where cell.resolution_s = $1::int and cell.window_start < $2::timestamptz`,
      [fromS, new Date(endMs)],
    )
    const firstMs = oldest.rows[0]?.start_ms
    if (firstMs === null || firstMs === undefined) break
    const startMs = Math.floor(Number(firstMs) / stepMs) * stepMs
    moved += await moveChunk(pool, fromS, toS, startMs, Math.min(endMs, startMs + Math.max(chunkMs, stepMs)))
  }
  return moved
}

/** What was rolled up before and gets late company is taken out too, and goes back in with it. */
function moveChunk(pool: pg.Pool, fromS: number, toS: number, startMs: number, endMs: number): Promise<number> {
  return inTransaction(pool, async (client) => {
    // Two at once would each take some of a minute's rows, and the second could not add to the first's.
    await client.query(`select pg_advisory_xact_lock(hashtext('sankofa.roll-up'))`)
    const { rows } = await client.query<CellRow>(
      `delete from sankofa.cell as cell
        where cell.resolution_s in ($1::int, $2::int) and cell.window_start >= $3::timestamptz and cell.window_start < $4::timestamptz
          and exists (select 1 from sankofa.cell as finer where finer.resolution_s = $1::int
                         and finer.window_start >= $3::timestamptz and finer.window_start < $4::timestamptz)
       returning cell.resolution_s, extract(epoch from cell.window_start) * 1000 as start_ms, cell.route, cell.status_class, cell.release,
                 cell.change_id, cell.arm, cell.n, cell.errors, cell.unanswered, cell.sum_us, cell.max_us, cell.sum_pool_us,
                 cell.sum_db_us, cell.sum_http_us, cell.sum_flush_us, cell.histogram`,
      [fromS, toS, new Date(startMs), new Date(endMs)],
    )
    await insertCells(client, toS, sum(rows, toS * 1_000))
    return rows.filter((row) => row.resolution_s === fromS).length
  })
}

function sum(rows: readonly CellRow[], stepMs: number): readonly Sums[] {
  const cells = new Map<string, Sums>()
  for (const row of rows) {
    const startMs = Math.floor(Number(row.start_ms) / stepMs) * stepMs
    const key = JSON.stringify([startMs, row.route, row.status_class, row.release, row.change_id, row.arm])
    let cell = cells.get(key)
    if (cell === undefined) {
      const zero = {
        n: 0n,
        errors: 0n,
        unanswered: 0n,
        sum_us: 0n,
        sum_pool_us: 0n,
        sum_db_us: 0n,
        sum_http_us: 0n,
        sum_flush_us: 0n,
      }
      cell = { row, startMs, maxUs: 0n, sums: zero, histogram: new Map() }
      cells.set(key, cell)
    }
    for (const column of added) cell.sums[column] += BigInt(row[column])
    const maxUs = BigInt(row.max_us)
    if (maxUs > cell.maxUs) cell.maxUs = maxUs
    mergeInto(cell.histogram, decode(row.histogram))
  }
  return [...cells.values()]
}

async function insertCells(client: pg.PoolClient, resolutionS: number, cells: readonly Sums[]): Promise<void> {
  const column = (read: (cell: Sums) => unknown): unknown[] => cells.map(read)
  await client.query(
    `insert into sankofa.cell
       (resolution_s, process_id, window_start, route, status_class, release, change_id, arm, max_us, histogram,
        n, errors, unanswered, sum_us, sum_pool_us, sum_db_us, sum_http_us, sum_flush_us)
     select $1::int, '', new.*
       from unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bytea[], $10::bigint[],
                   $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[]) as new`,
    [
      resolutionS,
      column((cell) => new Date(cell.startMs)),
      column((cell) => cell.row.route),
      column((cell) => cell.row.status_class),
      column((cell) => cell.row.release),
      column((cell) => cell.row.change_id),
      column((cell) => cell.row.arm),
      column((cell) => cell.maxUs),
      column((cell) => encode(cell.histogram)),
      ...added.map((name) => column((cell) => cell.sums[name])),
    ],
  )
}
