import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { SankofaError } from '../core/index.ts'

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,59}$/u
const tokenBytes = 32

/** Tokens and session ids are 256 random bits, so a plain hash is enough: there is nothing to guess. */
export const secretHash = (secret: string): Buffer => createHash('sha256').update(secret).digest()
export const newSecret = (): string => randomBytes(tokenBytes).toString('base64url')

/**
 * Gives a person a token for the console; only its hash is kept. A person who has one gets a new one, and the old
 * one ends; their sessions go on. Someone who was revoked may come back.
 *
 * @param name - how the journal will name them
 * @throws SankofaError `PERSON_NAME_WRONG`
 */
export async function createPerson(pool: pg.Pool, name: string): Promise<{ readonly token: string }> {
  if (!namePattern.test(name)) throw new SankofaError('PERSON_NAME_WRONG', { found: name })
  const token = newSecret()
  await pool.query(
    `insert into sankofa.person as person (name, token_hash)
     values ($1, $2)
     on conflict (name) do update
        set token_hash = excluded.token_hash, revoked_at = null`,
    [name, secretHash(token)],
  )
  return { token }
}

/**
 * The same token at every start: kept in `directory`, readable by its owner only, and made anew when the database
 * does not know it.
 */
export async function ensurePerson(
  pool: pg.Pool,
  options: { readonly name: string; readonly directory: string },
): Promise<{ readonly token: string; readonly file: string }> {
  const { name, directory } = options
  const file = join(directory, `console-token-${secretHash(name).toString('hex').slice(0, 8)}`)
  const kept = readIfThere(file)
  if (kept !== undefined && (await personOf(pool, kept)) === name) return { token: kept, file }
  const made = await createPerson(pool, name)
  mkdirSync(directory, { recursive: true })
  writeFileSync(file, made.token, { mode: 0o600 })
  return { ...made, file }
}

/** Ends a person's token and all of their sessions. @returns false when there is no such person */
export async function revokePerson(pool: pg.Pool, name: string): Promise<boolean> {
  const revoked = await pool.query<{ name: string }>(
    `with ended as (
       delete from sankofa.session as session where session.person = $1
     )
     update sankofa.person as person
        set revoked_at = clock_timestamp()
      where person.name = $1 and person.revoked_at is null
     returning person.name`,
    [name],
  )
  return revoked.rowCount === 1
}

/** Whose token this is; `undefined` for one that is unknown or revoked. */
export async function personOf(pool: pg.Pool, token: string): Promise<string | undefined> {
  const found = await pool.query<{ name: string }>(
    'select person.name from sankofa.person as person where person.token_hash = $1 and person.revoked_at is null',
    [secretHash(token)],
  )
  return found.rows[0]?.name
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
