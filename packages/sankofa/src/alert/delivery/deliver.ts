import type pg from 'pg'
import type { Logger } from 'pino'
import sql from 'sql-template-tag'
import type { Clock } from '../../core/index.ts'
import { inTransaction } from '../../db/index.ts'
import type { Channel, Outgoing } from '../channels/channel.ts'
import { writeNotice } from '../notice.ts'
import { type Claimed, claimDue, type OutgoingRow, outgoing } from './claim.ts'

/** 12 tries: 5 s, 10 s, 20 s … at most 10 min apart, about 45 min in all. */
export const mostTries = 12
const firstWaitMs = 5_000
const longestWaitMs = 10 * 60_000

export const waitAfterMs = (tries: number): number =>
  Math.min(firstWaitMs * 2 ** Math.min(tries - 1, 20), longestWaitMs)

export type Delivery = {
  readonly pool: pg.Pool
  readonly channels: readonly Channel[]
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Sends what is due, each notice to each of its channels, in order within an incident. A delivery is marked only after
 * the other side has taken it: a process that dies in between leads to a second delivery with the same key, never to none.
 *
 * @returns how many deliveries were tried
 */
export async function deliverDue(delivery: Delivery): Promise<number> {
  const claimed = await claimDue(
    delivery.pool,
    delivery.channels.map((channel) => channel.name),
    delivery.clock.now(),
  )
  await Promise.all(claimed.map((claim) => deliverOne(delivery, claim)))
  await giveUpUnknown(delivery)
  return claimed.length
}

async function deliverOne(delivery: Delivery, claim: Claimed): Promise<void> {
  const channel = delivery.channels.find((candidate) => candidate.name === claim.channel)
  if (channel === undefined) return
  try {
    await channel.send(claim.notice)
  } catch (error) {
    await failed(delivery, claim, error)
    return
  }
  await delivery.pool.query(sql`
    update sankofa.notice_delivery as delivery
       set state = 'delivered', delivered_at = to_timestamp(${delivery.clock.now()}::double precision / 1000), last_error = null
     where delivery.notice_id = ${claim.notice.id}::bigint
       and delivery.channel = ${claim.channel}::text`)
}

async function failed(delivery: Delivery, claim: Claimed, error: unknown): Promise<void> {
  const reason = reasonOf(error)
  if (claim.tries >= mostTries) {
    await giveUp(delivery, claim.notice, claim.channel, reason)
    return
  }
  delivery.log.info(
    { notice: claim.notice.dedupKey, channel: claim.channel, tries: claim.tries, reason },
    'not delivered yet',
  )
  const nextMs = delivery.clock.now() + waitAfterMs(claim.tries)
  await delivery.pool.query(sql`
    update sankofa.notice_delivery as delivery
       set next_try_at = to_timestamp(${nextMs}::double precision / 1000), last_error = ${reason}::text
     where delivery.notice_id = ${claim.notice.id}::bigint
       and delivery.channel = ${claim.channel}::text
       and delivery.state = 'waiting'`)
}

/** Gives up, and says so on every other channel: a message that nobody got is itself news. */
async function giveUp(delivery: Delivery, notice: Outgoing, channel: string, reason: string): Promise<void> {
  await inTransaction(delivery.pool, async (client) => {
    const given = await client.query(sql`
      update sankofa.notice_delivery as delivery
         set state = 'gave-up', last_error = ${reason}::text
       where delivery.notice_id = ${notice.id}::bigint
         and delivery.channel = ${channel}::text
         and delivery.state = 'waiting'`)
    // What says that something was not delivered does not itself lead to more of the kind.
    if (given.rowCount !== 1 || notice.data.undelivered !== undefined) return
    await writeNotice(
      client,
      {
        dedupKey: `undelivered:${notice.id}:${channel}`,
        incident: notice.incident,
        audience: 'developer',
        subject: `Not delivered by ${channel}: ${notice.subject}`,
        body: `The message to the ${notice.audience} below could not be delivered by ${channel} (${reason}), and is not tried again. Mend the channel, and tell them yourself.\n\n${notice.subject}\n\n${notice.body}`,
        data: { undelivered: notice.dedupKey },
        except: [channel],
      },
      delivery.channels,
      new Date(delivery.clock.now()),
    )
  })
  delivery.log.error({ notice: notice.dedupKey, channel, reason }, 'not delivered, gave up')
}

/** What waits for a channel that is no longer configured will never be taken by it. */
async function giveUpUnknown(delivery: Delivery): Promise<void> {
  const nowMs = delivery.clock.now()
  const names = delivery.channels.map((channel) => channel.name)
  const lost = await delivery.pool.query<OutgoingRow & { readonly channel: string }>(sql`
    select delivery.channel, notice.id, notice.dedup_key, notice.at, notice.incident_id, notice.audience, notice.subject,
           notice.body, notice.data
      from sankofa.notice_delivery as delivery
      join sankofa.notice as notice on notice.id = delivery.notice_id
     where delivery.state = 'waiting'
       and delivery.next_try_at < to_timestamp(${nowMs - unknownChannelMs}::double precision / 1000)
       and not delivery.channel = any (${names}::text[])
     limit 20`)
  for (const row of lost.rows) await giveUp(delivery, outgoing(row), row.channel, 'the channel is no longer configured')
}

// Another process that runs with the newer settings may still know the channel.
const unknownChannelMs = 60 * 60_000
/** One line, bounded, and without what looks like an address with a password in it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  const text = error instanceof Error ? `${error.message}${cause}` : String(error)
  return text
    .replace(/\/\/[^/\s]*@/g, '//')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
}
