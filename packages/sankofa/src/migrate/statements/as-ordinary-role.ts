import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { quoted } from '../rows/table.ts'

export type RoleSession = {
  /** Makes the rest of the transaction run as the role. */
  readonly become: string
}

const statementTimeoutMs = 2_000
const lockTimeoutMs = 1_000

/**
 * Runs `work` in a transaction that is rolled back whatever happens, next to a role that may read and write rows and owns
 * nothing: what a superuser may do tells nothing of a service.
 *
 * @param role - one of the server's, with its own privileges; an ordinary one, made for this, unless told
 */
export async function asOrdinaryRole<T>(
  client: pg.ClientBase,
  role: string | undefined,
  work: (session: RoleSession) => Promise<T>,
): Promise<T> {
  await client.query('begin')
  try {
    const schemas = await findSchemas(client)
    const name = role === undefined ? await createRole(client, schemas) : role
    // A service may have set its search path on its connections, which the texts do not tell.
    const { rows } = await client.query<{ path: string }>(`select current_setting('search_path') as path`)
    const path = [rows[0]?.path, ...schemas.map(quoted)].filter((part) => part !== undefined && part !== '').join(', ')
    // Deferred rules would be looked at in a commit that never comes.
    await client.query(
      `set local search_path = ${path}; set local statement_timeout = ${statementTimeoutMs}; set local lock_timeout = ${lockTimeoutMs}; set constraints all immediate`,
    )
    return await work({ become: `set local role ${quoted(name)}` })
  } finally {
    await client.query('rollback')
  }
}

async function findSchemas(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select space.nspname as name from pg_namespace as space
      where space.nspname !~ '^pg_' and space.nspname not in ('information_schema', 'sankofa_stash') order by space.nspname`,
  )
  return rows.map((row) => row.name)
}

/** It goes with the transaction. Its name is its own, because roles belong to the whole server. */
async function createRole(client: pg.ClientBase, schemas: readonly string[]): Promise<string> {
  const name = `sankofa_statements_${randomBytes(6).toString('hex')}`
  const role = quoted(name)
  const within = schemas.map(quoted).join(', ')
  await client.query(`create role ${role}`)
  if (within !== '') {
    await client.query(
      `grant usage on schema ${within} to ${role};
       grant all on all tables in schema ${within} to ${role};
       grant all on all sequences in schema ${within} to ${role};
       grant execute on all routines in schema ${within} to ${role}`,
    )
  }
  return name
}
