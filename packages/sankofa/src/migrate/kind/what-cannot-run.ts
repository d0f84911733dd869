import type pg from 'pg'
import { readStatements } from '../../observe/index.ts'
import { loadParser } from '../sql/statement.ts'
import { isOneStatement } from '../statements/one-statement.ts'
import { notPreparable, rulesOf } from './statements-still-prepare.ts'

/** A statement of a release that would fail on the schema as it is. */
export type CannotRun = { readonly statement: string; readonly routes: readonly string[]; readonly reason: string }

/** What a release has sent in this time is what it sends. */
const sentMs = 14 * 24 * 60 * 60 * 1_000

/**
 * Which statements that a release was seen to send would fail on the live schema: they cannot be prepared any more, or an
 * INSERT leaves out what must have a value now. Nothing is executed, and the transaction is rolled back.
 */
export async function whatCannotRun(pool: pg.Pool, release: string, nowMs: number): Promise<readonly CannotRun[]> {
  const client = await pool.connect()
  let isBroken = true
  try {
    await loadParser()
    await client.query('begin')
    await client.query(`set local statement_timeout = '5s'; set local lock_timeout = '2s'`)
    const sent = await readStatements(client, { release, sinceMs: nowMs - sentMs })
    const single = sent.filter(({ text }) => isOneStatement(text))
    const unprepared = await notPreparable(client, single)
    const names = new Set(unprepared.map(({ statement }) => statement))
    const rest = single.filter((statement) => !names.has(statement))
    const written = await rulesOf(client, rest)
    const lacking = rest.flatMap((statement) => {
      const [column] = written(statement).withoutValue
      return column === undefined ? [] : [{ statement, reason: `it gives no value for ${column}, which must have one` }]
    })
    await client.query('rollback')
    isBroken = false
    return [...unprepared, ...lacking].map(({ statement: { text, routes }, reason }) => ({
      statement: text,
      routes,
      reason,
    }))
  } finally {
    client.release(isBroken)
  }
}
