import type pg from 'pg'
import { contentDigest, type EventContent } from './canonical.ts'
import { toPlain, toText } from './plain.ts'

/** A business fact, as the service tells it. */
export type NewEvent = {
  /** What happened, noun and verb: `order.paid`. */
  readonly type: string
  /** The plain id of whom it happened to; only its keyed hash is written. */
  readonly subject: string
  readonly actor: string
  /** What both halves of one piece of work share, such as the order of `checkout.attempted` and `order.paid`. */
  readonly reference?: string
  /** Minor units. */
  readonly amount?: bigint
  readonly currency?: string
  readonly before?: unknown
  readonly after?: unknown
  readonly data?: Readonly<Record<string, unknown>>
}

export type EventWriter = {
  /**
   * Writes the event on `client`, in whatever transaction is open there: fact and event are kept or lost together.
   * One statement. It locks the subject's chain until the transaction ends, so record last, just before the commit.
   *
   * @returns the id of the event
   * @throws SankofaError `EVENT_HAS_SECRET`, `EVENT_UNWRITABLE` before anything is sent
   */
  record(client: pg.ClientBase, event: NewEvent): Promise<bigint>
}

export function createEventWriter(options: {
  /** Keyed hash of a user's id. */
  readonly subjectKey: (id: string) => string
  readonly release: string
  /** What is known of the request that is being served. */
  readonly context: () => { readonly requestId?: string; readonly exposedTo?: readonly string[] } | undefined
}): EventWriter {
  return {
    async record(client, event) {
      const content = contentOf(event, options)
      const written = await client.query<{ id: bigint | string }>(appendEvent, [
        content.subject,
        contentDigest(content),
        content.type,
        content.actor,
        content.reference,
        content.amount,
        content.currency,
        content.before === null ? null : JSON.stringify(content.before),
        content.after === null ? null : JSON.stringify(content.after),
        JSON.stringify(content.data),
        content.requestId,
        content.release,
        content.exposedTo,
      ])
      const id = written.rows[0]?.id
      if (id === undefined)
        throw new Error(`The event "${event.type}" was not written, and PostgreSQL did not say why.`)
      return BigInt(id)
    },
  }
}

function contentOf(event: NewEvent, options: Parameters<typeof createEventWriter>[0]): EventContent {
  const context = options.context()
  const type = event.type
  const subject = options.subjectKey(event.subject)
  const text = (value: string | undefined, path: string): string | undefined =>
    value === undefined ? undefined : toText(value, path, type)
  return {
    type: toText(type, 'type', type),
    subject: toText(subject, 'subject', type),
    // A customer who acts for herself is known by her hash in both places.
    actor: event.actor === event.subject ? subject : toText(event.actor, 'actor', type),
    reference: text(event.reference, 'reference'),
    amount: event.amount,
    currency: text(event.currency, 'currency'),
    before: toPlain(event.before, 'before', type),
    after: toPlain(event.after, 'after', type),
    data: toPlain(event.data ?? {}, 'data', type),
    requestId: text(context?.requestId, 'requestId'),
    release: text(options.release, 'release'),
    exposedTo: (context?.exposedTo ?? []).map((change) => toText(change, 'exposedTo', type)),
  }
}

// The head's row lock orders the events of one subject. Its update keeps the hash before, because `returning old` needs
// PostgreSQL 18. The moment is one value for both hashes: a CTE that is read twice is computed once.
const appendEvent = `
with moment as materialized (
  select now.at, int8send((extract(epoch from now.at) * 1000000)::bigint) as bytes
    from (select clock_timestamp() as at) as now
), head as (
  insert into sankofa.event_chain as chain (subject, prev_hash, hash, length)
  select $1::text, null, sha256($2::bytea || moment.bytes), 1
    from moment
  on conflict (subject) do update
     set prev_hash = chain.hash,
         hash = sha256(chain.hash || $2::bytea || (select moment.bytes from moment)),
         length = chain.length + 1
  returning chain.prev_hash, chain.hash
)
insert into sankofa.event (at, type, subject, actor, reference, amount, currency, state_before, state_after, data,
                           request_id, release, exposed_to, prev_hash, hash)
select moment.at, $3::text, $1::text, $4::text, $5::text, $6::bigint, $7::text, $8::jsonb, $9::jsonb, $10::jsonb,
       $11::text, $12::text, $13::text[], head.prev_hash, head.hash
  from head, moment
returning event.id`
