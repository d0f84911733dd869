import type pg from 'pg'
import sql from 'sql-template-tag'
import { inTransaction } from '../db/index.ts'
import { chainHash, contentDigest } from './canonical.ts'
import { contentOfRow, type EventRow, eventColumns } from './read.ts'
import { type BadEvent, verifySeals } from './verify-seals.ts'

export type Verified =
  | { readonly ok: true; readonly events: bigint; readonly subjects: bigint; readonly seals: bigint }
  | {
      readonly ok: false
      readonly events: bigint
      readonly subjects: bigint
      readonly seals: bigint
      readonly firstBad: BadEvent
    }

type ChainedRow = EventRow & { readonly head_hash: Buffer | null; readonly head_length: bigint | string | null }

const page = 2_000

/**
 * Walks every event, subject by subject, and every seal, in one snapshot; writers go on meanwhile.
 *
 * @param options.file - the seals file: without it, someone who may rewrite the whole database may rewrite the seals too
 * @returns the first bad row by its id, or how much was found sound
 */
export function verifyEvents(pool: pg.Pool, options: { readonly file?: string } = {}): Promise<Verified> {
  return inTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only')
    const bad: BadEvent[] = []
    let events = 0n
    let subjects = 0n
    let chain: Chain | undefined
    const close = (): void => {
      const found = chain === undefined ? undefined : endOfChain(chain)
      if (found !== undefined) bad.push(found)
    }
    for await (const row of allEvents(client)) {
      events += 1n
      if (chain?.subject !== row.subject) {
        close()
        subjects += 1n
        chain = { subject: row.subject, links: [], headHash: row.head_hash, headLength: row.head_length, broken: false }
      }
      const found = chain.broken ? undefined : nextLink(chain, row)
      if (found === undefined) continue
      bad.push(found)
      chain.broken = true
    }
    close()
    bad.push(...(await subjectsWithoutEvents(client)))
    const seals = await verifySeals(client, options.file)
    bad.push(...seals.bad)
    const [firstBad] = bad.sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0))
    const counts = { events, subjects, seals: seals.checked }
    return firstBad === undefined ? { ok: true, ...counts } : { ok: false, ...counts, firstBad }
  })
}

type Link = { readonly id: bigint; readonly hash: Buffer }
type Chain = {
  readonly subject: string
  readonly links: Link[]
  readonly headHash: Buffer | null
  readonly headLength: bigint | string | null
  /** Two rows follow the same one: `row` and `other`, the first of those that were taken to be right. */
  fork?: { readonly row: Link; readonly other: bigint }
  broken: boolean
}

function nextLink(chain: Chain, row: EventRow): BadEvent | undefined {
  const id = BigInt(row.id)
  const last = chain.links.at(-1)
  const expected = chainHash(row.prev_hash ?? undefined, contentDigest(contentOfRow(row)), BigInt(row.at_us))
  if (!expected.equals(row.hash)) {
    return { id, fault: 'altered', text: `Event ${id} (${row.type}) is not what was written: its hash does not fit.` }
  }
  // The side of a fork that the chain goes on from is the right one.
  if (chain.fork !== undefined) return forgedSide(chain.fork, row.prev_hash)
  if (!sameHash(row.prev_hash, last?.hash)) {
    const before = row.prev_hash === null ? -1 : indexOfHash(chain, row.prev_hash)
    const other = before === undefined ? undefined : chain.links[before + 1]
    if (other !== undefined) {
      chain.fork = { row: { id, hash: row.hash }, other: other.id }
      return undefined
    }
    const after = last === undefined ? 'the beginning' : `event ${last.id}`
    return { id, fault: 'removed', text: `An event of the same subject is missing between ${after} and event ${id}.` }
  }
  chain.links.push({ id, hash: row.hash })
  return undefined
}

function endOfChain(chain: Chain): BadEvent | undefined {
  const last = chain.links.at(-1)
  if (chain.broken || last === undefined) return undefined
  const { headHash, headLength } = chain
  if (headHash === null) {
    return {
      id: last.id,
      fault: 'inserted',
      text: `Event ${last.id} belongs to a subject that no event was ever written for.`,
    }
  }
  if (chain.fork !== undefined) return forgedSide(chain.fork, headHash)
  if (sameHash(headHash, last.hash) && BigInt(headLength ?? 0) === BigInt(chain.links.length)) return undefined
  const until = indexOfHash(chain, headHash)
  const inserted = until === undefined ? undefined : chain.links[until + 1]
  if (inserted !== undefined) return insertedLink(inserted.id)
  return {
    id: last.id,
    fault: 'removed',
    text: `The chain after event ${last.id} is cut: its subject had ${headLength} events, ${chain.links.length} are left.`,
  }
}

const forgedSide = (fork: NonNullable<Chain['fork']>, goesOnFrom: Buffer | null): BadEvent =>
  insertedLink(sameHash(goesOnFrom, fork.row.hash) ? fork.other : fork.row.id)

function indexOfHash(chain: Chain, hash: Buffer): number | undefined {
  const index = chain.links.findIndex((link) => link.hash.equals(hash))
  return index < 0 ? undefined : index
}

const insertedLink = (id: bigint): BadEvent => ({
  id,
  fault: 'inserted',
  text: `Event ${id} was put in past the chain: the rest of its chain goes past it.`,
})

const sameHash = (one: Buffer | null, other: Buffer | undefined): boolean =>
  one === null || other === undefined ? one === null && other === undefined : one.equals(other)

async function* allEvents(client: pg.PoolClient): AsyncGenerator<ChainedRow> {
  let after = { subject: '', id: '0' }
  for (;;) {
    const { rows } = await client.query<ChainedRow>(sql`
      select ${eventColumns}, chain.hash as head_hash, chain.length as head_length
        from sankofa.event as event
        left join sankofa.event_chain as chain on chain.subject = event.subject
       where (event.subject, event.id) > (${after.subject}::text, ${after.id}::bigint)
       order by event.subject, event.id
       limit ${page}::int`)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < page) return
    after = { subject: last.subject, id: String(last.id) }
  }
}

async function subjectsWithoutEvents(client: pg.PoolClient): Promise<readonly BadEvent[]> {
  const { rows } = await client.query<{ subject: string; length: bigint | string }>(sql`
    select chain.subject, chain.length
      from sankofa.event_chain as chain
     where not exists (select from sankofa.event as event where event.subject = chain.subject)
     order by chain.subject
     limit 1`)
  return rows.map((row) => ({
    id: 0n,
    fault: 'removed',
    text: `All ${row.length} events of subject ${row.subject} are gone.`,
  }))
}
