import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type pg from 'pg'
import sql from 'sql-template-tag'
import { SankofaError } from '../core/index.ts'
import { inTransaction } from '../db/index.ts'
import { lineOf, readTail, type SealRow } from './seal-file.ts'

/** @internal */
export const sealHash = (previous: Buffer | null, belowXid: string, events: bigint, hashes: Buffer): Buffer =>
  createHash('sha256')
    .update('sankofa-seal-1')
    .update(previous ?? Buffer.alloc(0))
    .update(`|${belowXid}|${events}|`)
    .update(hashes)
    .digest()

/**
 * Seals every event that was committed since the last seal, across all subjects, and appends the seal's head to `file`.
 * Meant for once a second, off the path of any payment: it reads only what no running transaction can still add to.
 * Safe to run from several processes; those that share a `file` must be on one host.
 *
 * @returns how many events the new seal covers; 0 when there was nothing new and no seal was made
 * @throws SankofaError `EVENT_SEALS_AHEAD` on a restored or replaced server
 */
export async function sealEvents(pool: pg.Pool, file: string): Promise<bigint> {
  const sealed = await inTransaction(pool, async (client) => {
    await client.query('lock table sankofa.event_seal in share row exclusive mode')
    return appendSeal(client)
  })
  // After the commit, and with all that a crash kept from the file: a line in the file is always a seal that exists.
  await copySeals(pool, file)
  return sealed
}

async function appendSeal(client: pg.PoolClient): Promise<bigint> {
  const head = await client.query<{ below_xid: string; hash: Buffer | null; xmin: string; ahead: boolean }>(sql`
    select coalesce(last.below_xid, '0'::xid8)::text as below_xid, last.hash, snapshot.xmin::text as xmin,
           coalesce(last.below_xid > snapshot.xmin, false) as ahead
      from (select pg_snapshot_xmin(pg_current_snapshot()) as xmin) as snapshot
      left join lateral (select seal.below_xid, seal.hash from sankofa.event_seal as seal order by seal.id desc limit 1) as last
        on true`)
  const row = head.rows[0]
  if (row === undefined) throw new Error('PostgreSQL did not say which transactions are running.')
  if (row.ahead) throw new SankofaError('EVENT_SEALS_AHEAD', { sealed: row.below_xid, now: row.xmin })
  // A second statement sees at least what the first one's xmin counted as finished.
  const fresh = await client.query<{ n: bigint | string; hashes: Buffer | null }>(sql`
    select count(*) as n, string_agg(event.hash, ''::bytea order by event.id) as hashes
      from sankofa.event as event
     where event.transaction_id >= ${row.below_xid}::xid8
       and event.transaction_id < ${row.xmin}::xid8`)
  const events = BigInt(fresh.rows[0]?.n ?? 0)
  if (events === 0n) return events
  const hash = sealHash(row.hash, row.xmin, events, fresh.rows[0]?.hashes ?? Buffer.alloc(0))
  await client.query(sql`
    insert into sankofa.event_seal (below_xid, events, prev_hash, hash)
    values (${row.xmin}::xid8, ${events}::bigint, ${row.hash}::bytea, ${hash}::bytea)`)
  return events
}

async function copySeals(pool: pg.Pool, file: string): Promise<void> {
  const tail = await readTail(file)
  const missing = await pool.query<SealRow>(sql`
    select seal.id, seal.at, seal.below_xid::text as below_xid, seal.events, seal.prev_hash, seal.hash
      from sankofa.event_seal as seal
     where seal.id > ${tail.last?.seal ?? '0'}::bigint
     order by seal.id`)
  if (missing.rows.length === 0) return
  const lines = missing.rows.map((row) => JSON.stringify(lineOf(row)))
  const handle = await open(file, 'a', 0o600)
  try {
    await handle.appendFile(`${tail.cutOff ? '\n' : ''}${lines.join('\n')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
