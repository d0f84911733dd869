import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { SankofaError } from '../../core/index.ts'
import { withScratchServer } from '../../db/index.ts'
import { clientCheckMs, statementTimeoutMs } from './time-limit.ts'

/** A throw-away database: everything may be done to it. */
export type ShadowDatabase = {
  readonly name: string
  readonly url: string
  /** A connection as the owner of the server; end it before the database is cloned or dropped. */
  connect(): Promise<pg.Client>
}

/** A server on which proofs are made. Nothing that lives there before is touched. */
export interface Shadow {
  /** As `server_version` has it, such as `18.4`. */
  readonly version: string
  create(): Promise<ShadowDatabase>
  clone(of: ShadowDatabase): Promise<ShadowDatabase>
  drop(database: ShadowDatabase): Promise<void>
}

/**
 * Opens a shadow for as long as `use` runs: the embedded server unless `url` names another, on which the role must be a
 * superuser. Whatever was created is dropped at the end.
 *
 * @throws SankofaError `SHADOW_UNUSABLE`
 */
export async function withShadow<T>(
  options: {
    readonly url?: string
    /** For each statement; five minutes unless told. */
    readonly statementTimeoutMs?: number
  },
  use: (shadow: Shadow) => Promise<T>,
): Promise<T> {
  const { url, statementTimeoutMs: limitMs = statementTimeoutMs } = options
  const onIt = (server: string): Promise<T> => onServer(server, limitMs, use)
  return url === undefined ? withScratchServer(onIt) : onIt(url)
}

async function onServer<T>(url: string, limitMs: number, use: (shadow: Shadow) => Promise<T>): Promise<T> {
  const admin = await connectTo(url)
  const created = new Set<string>()
  try {
    const shadow = await openShadow(admin, url, limitMs, created)
    return await use(shadow)
  } finally {
    for (const name of created) await dropDatabase(admin, name).catch(() => {})
    await admin.end()
  }
}

async function openShadow(admin: pg.Client, url: string, limitMs: number, created: Set<string>): Promise<Shadow> {
  const { rows } = await admin.query<{ version: string; superuser: boolean; pid: number }>(
    `select current_setting('server_version') as version, pg_backend_pid() as pid,
            (select role.rolsuper from pg_roles as role where role.rolname = current_user) as superuser`,
  )
  const [server] = rows
  if (server?.superuser !== true) {
    throw new SankofaError('SHADOW_UNUSABLE', {
      where: new URL(url).host,
      reason: 'the role is not a superuser, and a proof creates databases, roles and extensions',
    })
  }
  await dropLeftovers(admin)
  const make = async (template: string): Promise<ShadowDatabase> => {
    const name = `${prefix}${server.pid}_${randomBytes(6).toString('hex')}`
    created.add(name)
    await admin.query(`create database ${name} template ${template}`)
    return { name, url: addressOf(url, name), connect: () => connectLimited(addressOf(url, name), limitMs) }
  }
  return {
    version: server.version.split(' ')[0] ?? server.version,
    // Not template1: a team may have put things there, and a proof begins with nothing.
    create: () => make('template0'),
    clone: (of) => make(of.name),
    async drop({ name }) {
      await dropDatabase(admin, name)
      created.delete(name)
    },
  }
}

const prefix = 'sankofa_shadow_'

/** Of proofs that were killed: each name tells whose connection made it, and that is gone. */
async function dropLeftovers(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `select database.datname as name from pg_database as database
      where database.datname ~ '^${prefix}[0-9]+_[0-9a-f]{12}$'
        and split_part(database.datname, '_', 3)::int not in (
          select activity.pid from pg_stat_activity as activity where activity.application_name = 'sankofa-shadow')`,
  )
  for (const { name } of rows) await dropDatabase(admin, name).catch(() => {})
}

const dropDatabase = async (admin: pg.Client, name: string): Promise<void> =>
  void (await admin.query(`drop database if exists ${name} with (force)`))

function addressOf(url: string, database: string): string {
  const address = new URL(url)
  address.pathname = `/${database}`
  return address.href
}

/** For migrations: no statement of theirs runs for ever, nor longer than its proof. */
async function connectLimited(url: string, limitMs: number): Promise<pg.Client> {
  const client = await connectTo(url, { statement_timeout: limitMs })
  // Refused on platforms on which the server cannot look.
  await client.query(`set client_connection_check_interval = ${clientCheckMs}`).catch(() => {})
  return client
}

async function connectTo(url: string, more: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'sankofa-shadow', ...more })
  // Without a listener a connection that breaks while nothing runs would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    const reason =
      cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause)
    throw new SankofaError('SHADOW_UNUSABLE', { where: new URL(url).host, reason }, { cause })
  }
  return client
}
