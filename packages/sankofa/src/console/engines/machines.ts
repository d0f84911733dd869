import type pg from 'pg'
import { SankofaError } from '../../core/index.ts'
import { newSecret, secretHash } from '../people.ts'

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,59}$/u

/**
 * Gives a machine, such as the Argo Rollouts of one cluster, a token with which it may ask for verdicts and nothing else:
 * it opens no console and asks for no change. Only its hash is kept. A machine that has one gets a new one, and the old
 * one ends.
 *
 * @throws SankofaError `MACHINE_NAME_WRONG`
 */
export async function createMachine(pool: pg.Pool, name: string): Promise<{ readonly token: string }> {
  if (!namePattern.test(name)) throw new SankofaError('MACHINE_NAME_WRONG', { found: name })
  const token = newSecret()
  await pool.query(
    `insert into sankofa.machine as machine (name, token_hash)
     values ($1, $2)
     on conflict (name) do update
        set token_hash = excluded.token_hash, revoked_at = null`,
    [name, secretHash(token)],
  )
  return { token }
}

/** Ends a machine's token. @returns false when there is no such machine, or it was revoked before */
export async function revokeMachine(pool: pg.Pool, name: string): Promise<boolean> {
  const revoked = await pool.query(
    `update sankofa.machine as machine
        set revoked_at = clock_timestamp()
      where machine.name = $1 and machine.revoked_at is null`,
    [name],
  )
  return revoked.rowCount === 1
}

/** Which machine's token this is; `undefined` for one that is unknown or revoked. */
export async function machineOf(pool: pg.Pool, token: string): Promise<string | undefined> {
  const found = await pool.query<{ name: string }>(
    'select machine.name from sankofa.machine as machine where machine.token_hash = $1 and machine.revoked_at is null',
    [secretHash(token)],
  )
  return found.rows[0]?.name
}
