import type pg from 'pg'
import { type Clock, SankofaError } from '../core/index.ts'
import { newSecret, personOf, secretHash } from './people.ts'

export const sessionDays = 30
/** How long a session that was good is believed while PostgreSQL does not answer: long enough to read the screen. */
const believedMs = 15 * 60_000
const rememberedMost = 1_000

export type Sessions = {
  /** @returns the session id for the cookie, or `undefined` for a token that is unknown or revoked */
  begin(token: string): Promise<{ readonly id: string; readonly person: string } | undefined>
  /** Who this is. Asks the database each time, so that a revoked person is out at once. */
  personOf(id: string | undefined): Promise<string | undefined>
  end(id: string): Promise<void>
}

export function createSessions(pool: pg.Pool, clock: Clock): Sessions {
  const lastGood = new Map<string, { readonly person: string; readonly atMs: number }>()

  const remember = (id: string, person: string): void => {
    lastGood.delete(id)
    lastGood.set(id, { person, atMs: clock.now() })
    const oldest = lastGood.keys().next().value
    if (lastGood.size > rememberedMost && oldest !== undefined) lastGood.delete(oldest)
  }

  return {
    async begin(token) {
      const person = await personOf(pool, token)
      if (person === undefined) return undefined
      const id = newSecret()
      await pool.query(
        `with past as (
           delete from sankofa.session as session where session.expires_at < clock_timestamp()
         )
         insert into sankofa.session (id_hash, person, expires_at)
         values ($1, $2, clock_timestamp() + $3::int * interval '1 day')`,
        [secretHash(id), person, sessionDays],
      )
      remember(id, person)
      return { id, person }
    },

    async personOf(id) {
      if (id === undefined) return undefined
      let found: pg.QueryResult<{ name: string }>
      try {
        found = await pool.query<{ name: string }>(
          `select person.name
             from sankofa.session as session
             join sankofa.person as person on person.name = session.person
            where session.id_hash = $1
              and session.expires_at > clock_timestamp()
              and person.revoked_at is null`,
          [secretHash(id)],
        )
      } catch (error) {
        const known = lastGood.get(id)
        if (known !== undefined && clock.now() - known.atMs < believedMs) return known.person
        const reason = error instanceof Error ? error.message : String(error)
        throw new SankofaError('DATABASE_UNREACHABLE', { where: 'DATABASE_URL', reason }, { cause: error })
      }
      const person = found.rows[0]?.name
      if (person === undefined) lastGood.delete(id)
      else remember(id, person)
      return person
    },

    async end(id) {
      lastGood.delete(id)
      await pool.query('delete from sankofa.session as session where session.id_hash = $1', [secretHash(id)])
    },
  }
}
