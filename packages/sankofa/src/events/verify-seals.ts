import type pg from 'pg'
import sql from 'sql-template-tag'
import { sealHash } from './seal.ts'
import { readSeals, type SealRow } from './seal-file.ts'

/** The first sign of tampering, for a person. */
export type BadEvent = {
  /** The event to look at; 0 when no event that is left can be named. */
  readonly id: bigint
  readonly fault: 'altered' | 'removed' | 'inserted' | 'seal'
  readonly text: string
}

type CoveredSeal = SealRow & {
  readonly n: bigint | string
  readonly first: bigint | string | null
  readonly hashes: Buffer | null
}

// A seal covers about a second of events: a page stays small.
const page = 200

/** @internal */
export async function verifySeals(
  client: pg.PoolClient,
  file: string | undefined,
): Promise<{ readonly checked: bigint; readonly bad: readonly BadEvent[] }> {
  const written = new Map(file === undefined ? [] : (await readSeals(file)).map((line) => [line.seal, line]))
  let checked = 0n
  let previous: CoveredSeal | undefined
  for (;;) {
    const rows = await sealsAfter(client, previous)
    for (const row of rows) {
      checked += 1n
      const found = faultOf(row, previous)
      if (found !== undefined) return { checked, bad: [found] }
      const line = written.get(String(row.id))
      if (line !== undefined && line.hash !== row.hash.toString('hex')) {
        return {
          checked,
          bad: [seal(row, `Seal ${row.id} is not the one in the seals file: events up to it were rewritten.`)],
        }
      }
      written.delete(String(row.id))
      previous = row
    }
    if (rows.length < page) break
  }
  const [lost] = written.values()
  if (lost === undefined) return { checked, bad: [] }
  return {
    checked,
    bad: [
      {
        id: 0n,
        fault: 'seal',
        text: `Seal ${lost.seal} of ${lost.at} is in the seals file and gone from the database.`,
      },
    ],
  }
}

function faultOf(row: CoveredSeal, previous: CoveredSeal | undefined): BadEvent | undefined {
  const chained = row.prev_hash === null ? previous === undefined : previous?.hash.equals(row.prev_hash) === true
  if (!chained) return seal(row, `Seal ${row.id} does not follow the seal before it.`)
  const have = BigInt(row.n)
  const sealed = BigInt(row.events)
  if (have < sealed)
    return { ...seal(row, `Seal ${row.id} covers ${sealed} events, ${have} are left.`), fault: 'removed' }
  if (have > sealed)
    return { ...seal(row, `Seal ${row.id} covers ${sealed} events, and there are ${have}.`), fault: 'inserted' }
  const expected = sealHash(row.prev_hash, row.below_xid, sealed, row.hashes ?? Buffer.alloc(0))
  return expected.equals(row.hash)
    ? undefined
    : seal(row, `The events under seal ${row.id} are not those that were sealed.`)
}

const seal = (row: CoveredSeal, text: string): BadEvent => ({ id: BigInt(row.first ?? 0), fault: 'seal', text })

async function sealsAfter(client: pg.PoolClient, previous: CoveredSeal | undefined): Promise<readonly CoveredSeal[]> {
  const { rows } = await client.query<CoveredSeal>(sql`
    select seal.id, seal.at, seal.below_xid::text as below_xid, seal.events, seal.prev_hash, seal.hash,
           covered.n, covered.first, covered.hashes
      from (select seal.*, lag(seal.below_xid, 1, ${previous?.below_xid ?? '0'}::xid8) over (order by seal.id) as from_xid
              from sankofa.event_seal as seal
             where seal.id > ${previous?.id ?? 0}::bigint
             order by seal.id
             limit ${page}::int) as seal
     cross join lateral (
       select count(*) as n, min(event.id) as first, string_agg(event.hash, ''::bytea order by event.id) as hashes
         from sankofa.event as event
        where event.transaction_id >= seal.from_xid
          and event.transaction_id < seal.below_xid) as covered
     order by seal.id`)
  return rows
}
