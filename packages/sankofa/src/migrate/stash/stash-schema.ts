import type { StepClient } from '../migration.ts'
import { stashSchema } from './kept.ts'
import { identifier } from './text-form.ts'

/** Creates the schema of the stashes where it is missing; nobody but its owner may enter it, whatever default privileges say. */
export async function ensureStashSchema(client: StepClient): Promise<void> {
  // `if not exists` alone would say so in a notice each time.
  const { rows } = await client.query<{ there: boolean }>(
    `select exists (select from pg_catalog.pg_namespace as namespace where namespace.nspname = '${stashSchema}') as there`,
  )
  if (rows[0]?.there !== true) await client.query(`create schema if not exists ${stashSchema}`)
  await closeTo(
    client,
    'schema',
    stashSchema,
    'pg_namespace',
    'nspacl',
    'nspowner',
    `object.nspname = '${stashSchema}'`,
  )
}

/** @param table - qualified */
export const closeTable = (client: StepClient, table: string): Promise<void> =>
  closeTo(client, 'table', table, 'pg_class', 'relacl', 'relowner', `object.oid = '${table}'::regclass`)

async function closeTo(
  client: StepClient,
  what: 'schema' | 'table',
  name: string,
  catalogue: string,
  privileges: string,
  owner: string,
  which: string,
): Promise<void> {
  const { rows } = await client.query<{ role: string | null }>(
    `select distinct role.rolname as role
       from pg_catalog.${catalogue} as object
       cross join lateral pg_catalog.aclexplode(object.${privileges}) as granted
       left join pg_catalog.pg_roles as role on role.oid = granted.grantee
      where ${which} and granted.grantee <> object.${owner}`,
  )
  for (const { role } of rows) {
    await client.query(`revoke all on ${what} ${name} from ${role === null ? 'public' : identifier(role)}`)
  }
}
