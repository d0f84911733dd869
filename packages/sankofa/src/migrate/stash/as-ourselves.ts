import type { StepClient } from '../migration.ts'
import { exactText, literal } from './text-form.ts'

/** Settings of the connection, by name. */
export type Settings = Readonly<Record<string, string>>

/** Does something of the stash's own in the transaction of a step, untouched by what the step has set. */
export type Ours = <T>(client: StepClient, work: () => Promise<T>) => Promise<T>

// A step may cut its own statements short, or silence triggers and foreign keys: not the stash's.
const own: Settings = {
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
  session_replication_role: 'origin',
  standard_conforming_strings: 'on',
  default_tablespace: '',
}
const names = [...Object.keys(own), ...Object.keys(exactText), 'search_path', 'lock_timeout']

/** The settings that count here, as they are now; what the server does not know is left out. */
export async function readSettings(client: StepClient): Promise<Settings> {
  const { rows } = await client.query<Record<string, string | null>>(
    `select ${names.map((name) => `pg_catalog.current_setting('${name}', true) as "${name}"`).join(', ')}`,
  )
  const known = Object.entries(rows[0] ?? {}).filter((entry): entry is [string, string] => entry[1] !== null)
  return Object.fromEntries(known)
}

/** Until the end of the transaction. Only what differs: not everything may be set by everybody. */
export async function putSettings(client: StepClient, wanted: Settings, now: Settings): Promise<void> {
  const changes = Object.entries(wanted).filter(([name, value]) => name in now && now[name] !== value)
  if (changes.length === 0) return
  await client.query(
    `select ${changes.map(([name, value]) => `pg_catalog.set_config('${name}', ${literal(value)}, true)`).join(', ')}`,
  )
}

/**
 * Makes one that runs as the role that began, with names looked up as before the step but the server's own first, and
 * without limits of time; then gives the step back what it had set.
 *
 * @param before - the settings before the step
 */
export function asOurselves(before: Settings): Ours {
  let inside = false
  return async (client, work) => {
    if (inside) return work()
    const { rows } = await client.query<{ session: string; role: string }>(
      `select session_user as session, pg_catalog.current_setting('role') as role`,
    )
    const theirs = await readSettings(client)
    await client.query('set local session authorization default; set local role to default')
    await putSettings(client, oursOver(before), theirs)
    inside = true
    try {
      const result = await work()
      // As they are by now: what the work was given to run may have set some itself.
      await putSettings(client, theirs, await readSettings(client))
      const { session = '', role = 'none' } = rows[0] ?? {}
      // The session's user first: setting it takes the role away.
      await client.query(
        `select pg_catalog.set_config('session_authorization', ${literal(session)}, true);
         select pg_catalog.set_config('role', ${literal(role)}, true)`,
      )
      return result
    } finally {
      inside = false
    }
  }
}

/** After statements of a step were run on trial: the stash's own settings again. */
export async function ourselvesAgain(client: StepClient, before: Settings): Promise<void> {
  await client.query('set local session authorization default; set local role to default')
  await putSettings(client, oursOver(before), await readSettings(client))
}

function oursOver(before: Settings): Settings {
  const { search_path: path = '' } = before
  return { ...before, ...own, search_path: path === '' ? 'pg_catalog' : `pg_catalog, ${path}` }
}
