import type pg from 'pg'
import sql, { empty } from 'sql-template-tag'
import type { EventContent, Json } from './canonical.ts'

export type EventRecord = EventContent & { readonly id: bigint; readonly at: Date }

/** One row as it is stored, with what its hash is made of. @internal */
export type EventRow = {
  readonly id: bigint | string
  readonly at: Date
  readonly at_us: string
  readonly type: string
  readonly subject: string
  readonly actor: string
  readonly reference: string | null
  readonly amount: bigint | string | null
  readonly currency: string | null
  readonly state_before: Json
  readonly state_after: Json
  readonly data: Json
  readonly request_id: string | null
  readonly release: string | null
  readonly exposed_to: readonly string[]
  readonly prev_hash: Buffer | null
  readonly hash: Buffer
}

/** @internal */
export const eventColumns = sql`
       event.id, event.at, (extract(epoch from event.at) * 1000000)::bigint::text as at_us, event.type, event.subject,
       event.actor, event.reference, event.amount, event.currency, event.state_before, event.state_after, event.data,
       event.request_id, event.release, event.exposed_to, event.prev_hash, event.hash`

/** @internal */
export const contentOfRow = (row: EventRow): EventContent => ({
  type: row.type,
  subject: row.subject,
  actor: row.actor,
  reference: row.reference ?? undefined,
  amount: row.amount === null ? undefined : BigInt(row.amount),
  currency: row.currency ?? undefined,
  before: row.state_before,
  after: row.state_after,
  data: row.data,
  requestId: row.request_id ?? undefined,
  release: row.release ?? undefined,
  exposedTo: row.exposed_to,
})

export type EventFilter = {
  readonly types?: readonly string[]
  /** The keyed hash, not the plain id. */
  readonly subject?: string
  readonly reference?: string
  readonly from?: Date
  readonly to?: Date
  readonly beforeId?: bigint
  /** 100 unless told; at most 1,000. */
  readonly limit?: number
}

/** Events, newest first; `beforeId` turns the page. */
export async function readEvents(pool: pg.Pool, filter: EventFilter = {}): Promise<readonly EventRecord[]> {
  const limit = Math.min(Math.max(filter.limit ?? 100, 1), 1_000)
  const found = await pool.query<EventRow>(sql`
    select ${eventColumns}
      from sankofa.event as event
     where true
       ${filter.types === undefined ? empty : sql`and event.type = any (${filter.types}::text[])`}
       ${filter.subject === undefined ? empty : sql`and event.subject = ${filter.subject}::text`}
       ${filter.reference === undefined ? empty : sql`and event.reference = ${filter.reference}::text`}
       ${filter.from === undefined ? empty : sql`and event.at >= ${filter.from}::timestamptz`}
       ${filter.to === undefined ? empty : sql`and event.at < ${filter.to}::timestamptz`}
       ${filter.beforeId === undefined ? empty : sql`and event.id < ${filter.beforeId}::bigint`}
     order by event.id desc
     limit ${limit}::int`)
  return found.rows.map((row) => ({ ...contentOfRow(row), id: BigInt(row.id), at: row.at }))
}
