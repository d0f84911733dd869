import type pg from 'pg'
import sql from 'sql-template-tag'
import type { Outgoing } from '../channels/channel.ts'

export type Claimed = { readonly notice: Outgoing; readonly channel: string; readonly tries: number }

export type OutgoingRow = {
  readonly id: bigint | string
  readonly dedup_key: string
  readonly at: Date
  readonly incident_id: bigint | string | null
  readonly audience: Outgoing['audience']
  readonly subject: string
  readonly body: string
  readonly data: Readonly<Record<string, unknown>>
}

export const outgoing = (row: OutgoingRow): Outgoing => ({
  id: BigInt(row.id),
  dedupKey: row.dedup_key,
  at: row.at,
  incident: row.incident_id === null ? undefined : BigInt(row.incident_id),
  audience: row.audience,
  subject: row.subject,
  body: row.body,
  data: row.data,
})

// Longer than any channel waits for an answer: who has not marked it by then is dead.
const claimMs = 60_000
const atOnce = 20

/**
 * Takes what is due for a while, so that two processes do not send the same at once. The try is counted here, before the
 * sending: a notice that kills its sender is given up as well. A later notice of an incident waits for the earlier ones.
 */
export async function claimDue(pool: pg.Pool, channels: readonly string[], nowMs: number): Promise<readonly Claimed[]> {
  const { rows } = await pool.query<OutgoingRow & { readonly channel: string; readonly tries: number }>(sql`
    with due as (
      select delivery.notice_id, delivery.channel
        from sankofa.notice_delivery as delivery
        join sankofa.notice as notice on notice.id = delivery.notice_id
       where delivery.state = 'waiting'
         and delivery.next_try_at <= to_timestamp(${nowMs}::double precision / 1000)
         and delivery.channel = any (${channels}::text[])
         and not exists (
               select
                 from sankofa.notice_delivery as earlier
                 join sankofa.notice as before on before.id = earlier.notice_id
                where before.incident_id = notice.incident_id
                  and before.id < notice.id
                  and earlier.channel = delivery.channel
                  and earlier.state = 'waiting')
       order by delivery.notice_id
       limit ${atOnce}::int
         for update of delivery skip locked
    ), claimed as (
      update sankofa.notice_delivery as delivery
         set tries = delivery.tries + 1,
             next_try_at = to_timestamp(${nowMs + claimMs}::double precision / 1000)
        from due
       where delivery.notice_id = due.notice_id
         and delivery.channel = due.channel
      returning delivery.notice_id, delivery.channel, delivery.tries
    )
    select claimed.channel, claimed.tries, notice.id, notice.dedup_key, notice.at, notice.incident_id, notice.audience,
           notice.subject, notice.body, notice.data
      from claimed
      join sankofa.notice as notice on notice.id = claimed.notice_id
     order by notice.id`)
  return rows.map((row) => ({ notice: outgoing(row), channel: row.channel, tries: row.tries }))
}
