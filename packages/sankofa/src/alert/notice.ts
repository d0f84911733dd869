import type pg from 'pg'
import sql from 'sql-template-tag'
import type { Channel } from './channels/channel.ts'
import type { Audience } from './settings.ts'

/** What is to be said, once, to one audience. */
export type NewNotice = {
  /** The same thing has the same key: it is written once, however often it is found. */
  readonly dedupKey: string
  readonly incident: bigint | undefined
  readonly audience: Audience
  readonly subject: string
  readonly body: string
  readonly data?: Readonly<Record<string, unknown>>
  /** Channels that must not carry it. */
  readonly except?: readonly string[]
}

export type Notice = Required<Omit<NewNotice, 'except'>> & {
  readonly id: bigint
  readonly at: Date
  readonly deliveries: readonly {
    readonly channel: string
    readonly state: 'waiting' | 'delivered' | 'gave-up'
    readonly tries: number
    readonly lastError: string | undefined
  }[]
}

/**
 * Writes a notice and one delivery for each channel of its audience, in the caller's transaction.
 *
 * @returns false when it had been written before
 */
export async function writeNotice(
  client: pg.PoolClient,
  notice: NewNotice,
  channels: readonly Channel[],
  at: Date,
): Promise<boolean> {
  const names = channels
    .filter((channel) => channel.audiences.includes(notice.audience) && notice.except?.includes(channel.name) !== true)
    .map((channel) => channel.name)
  const written = await client.query(sql`
    with written as (
      insert into sankofa.notice (at, dedup_key, incident_id, audience, subject, body, data)
      values (${at}::timestamptz, ${notice.dedupKey}::text, ${notice.incident ?? null}::bigint, ${notice.audience}::text,
              ${notice.subject}::text, ${notice.body}::text, ${JSON.stringify(notice.data ?? {})}::jsonb)
      on conflict (dedup_key) do nothing
      returning notice.id
    ), queued as (
      insert into sankofa.notice_delivery (notice_id, channel, next_try_at)
      select written.id, name, ${at}::timestamptz
        from written, unnest(${names}::text[]) as name
    )
    select written.id
      from written`)
  return written.rowCount === 1
}

export async function isWritten(client: pg.PoolClient, dedupKey: string): Promise<boolean> {
  const found = await client.query(
    sql`select 1 from sankofa.notice as notice where notice.dedup_key = ${dedupKey}::text`,
  )
  return found.rowCount === 1
}

/** Notices with what became of them, newest first. @param options.limit - 50 unless told; at most 500 */
export async function readNotices(
  pool: pg.Pool,
  options: { readonly incident?: bigint; readonly audience?: Audience; readonly limit?: number } = {},
): Promise<readonly Notice[]> {
  const found = await pool.query<{
    id: bigint | string
    at: Date
    dedup_key: string
    incident_id: bigint | string | null
    audience: Audience
    subject: string
    body: string
    data: Readonly<Record<string, unknown>>
    deliveries: readonly {
      channel: string
      state: Notice['deliveries'][number]['state']
      tries: number
      error: string | null
    }[]
  }>(sql`
    select notice.id, notice.at, notice.dedup_key, notice.incident_id, notice.audience, notice.subject, notice.body, notice.data,
           (select coalesce(jsonb_agg(jsonb_build_object('channel', delivery.channel, 'state', delivery.state,
                                                         'tries', delivery.tries, 'error', delivery.last_error)
                                      order by delivery.channel), '[]'::jsonb)
              from sankofa.notice_delivery as delivery
             where delivery.notice_id = notice.id) as deliveries
      from sankofa.notice as notice
     where (${options.incident ?? null}::bigint is null or notice.incident_id = ${options.incident ?? null}::bigint)
       and (${options.audience ?? null}::text is null or notice.audience = ${options.audience ?? null}::text)
     order by notice.id desc
     limit ${Math.min(options.limit ?? 50, 500)}::int`)
  return found.rows.map((row) => ({
    id: BigInt(row.id),
    at: row.at,
    dedupKey: row.dedup_key,
    incident: row.incident_id === null ? undefined : BigInt(row.incident_id),
    audience: row.audience,
    subject: row.subject,
    body: row.body,
    data: row.data,
    deliveries: row.deliveries.map(({ channel, state, tries, error }) => ({
      channel,
      state,
      tries,
      lastError: error ?? undefined,
    })),
  }))
}
