import type pg from 'pg'
import sql from 'sql-template-tag'

/** A group of messages with one probable cause. */
export type Incident = {
  readonly id: bigint
  readonly openedAt: Date
  readonly closedAt: Date | undefined
  /** `change:demo-broken-checkout` or `rule:disk` */
  readonly subject: string
  /** The change that the evidence names. */
  readonly culprit: string | undefined
  readonly state: 'open' | 'recovered'
  readonly data: Readonly<Record<string, unknown>>
}

type Row = {
  readonly id: bigint | string
  readonly opened_at: Date
  readonly closed_at: Date | null
  readonly subject: string
  readonly culprit: string | null
  readonly state: Incident['state']
  readonly data: Readonly<Record<string, unknown>>
}

const columns = sql`
       incident.id, incident.opened_at, incident.closed_at, incident.subject, incident.culprit, incident.state, incident.data`

const fromRow = (row: Row): Incident => ({
  id: BigInt(row.id),
  openedAt: row.opened_at,
  closedAt: row.closed_at ?? undefined,
  subject: row.subject,
  culprit: row.culprit ?? undefined,
  state: row.state,
  data: row.data,
})

/**
 * The incident of `subject` with this `cause`: the one that is there, open or closed, or a new one. An open incident of
 * the same subject with another cause is over: something newer took its place.
 *
 * @param found.cause - tells one incident of a subject from the next, such as the go id
 */
export async function openIncident(
  client: pg.PoolClient,
  found: { readonly subject: string; readonly cause: string; readonly culprit: string | undefined; readonly at: Date },
): Promise<Incident> {
  const known = await client.query<Row>(sql`
    select ${columns}
      from sankofa.incident as incident
     where incident.subject = ${found.subject}::text
       and (incident.data ->> 'cause') = ${found.cause}::text
     order by incident.id desc
     limit 1`)
  if (known.rows[0] !== undefined) return fromRow(known.rows[0])
  await client.query(sql`
    update sankofa.incident as incident
       set closed_at = ${found.at}::timestamptz, state = 'recovered',
           data = incident.data || '{"closedBy": "a newer one"}'::jsonb
     where incident.subject = ${found.subject}::text
       and incident.closed_at is null`)
  const opened = await client.query<Row>(sql`
    insert into sankofa.incident as incident (opened_at, subject, culprit, state, data)
    values (${found.at}::timestamptz, ${found.subject}::text, ${found.culprit ?? null}::text, 'open',
            jsonb_build_object('cause', ${found.cause}::text))
    returning ${columns}`)
  const row = opened.rows[0]
  if (row === undefined) throw new Error(`No incident was opened for ${found.subject}.`)
  return fromRow(row)
}

/** The open incident of a subject, if there is one. */
export async function findOpenIncident(client: pg.PoolClient, subject: string): Promise<Incident | undefined> {
  const found = await client.query<Row>(sql`
    select ${columns}
      from sankofa.incident as incident
     where incident.subject = ${subject}::text
       and incident.closed_at is null`)
  return found.rows.map(fromRow)[0]
}

export async function closeIncident(
  client: pg.PoolClient,
  id: bigint,
  at: Date,
  data: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await client.query(sql`
    update sankofa.incident as incident
       set closed_at = ${at}::timestamptz, state = 'recovered', data = incident.data || ${JSON.stringify(data)}::jsonb
     where incident.id = ${id}::bigint
       and incident.closed_at is null`)
}

/** Incidents, newest first. @param options.limit - 50 unless told; at most 500 */
export async function readIncidents(
  pool: pg.Pool,
  options: { readonly open?: boolean; readonly limit?: number } = {},
): Promise<readonly Incident[]> {
  const found = await pool.query<Row>(sql`
    select ${columns}
      from sankofa.incident as incident
     where (${options.open ?? null}::boolean is null or (incident.closed_at is null) = ${options.open ?? null}::boolean)
     order by incident.id desc
     limit ${Math.min(options.limit ?? 50, 500)}::int`)
  return found.rows.map(fromRow)
}
