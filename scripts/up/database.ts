import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SankofaError } from 'sankofa/core'
import { createPool, type EmbeddedServer, freePort, isPortFree, startEmbedded } from 'sankofa/db'
import type { Settings } from './settings.ts'

export type Database = {
  readonly url: string
  /** Which server, for a person; never the password. */
  readonly description: string
  stop(): Promise<void>
}

const oldestMajor = 15

/** The user's own server when DATABASE_URL is set, else the embedded one, kept running. */
export async function openDatabase(settings: Settings, onTrouble: (sentence: string) => void): Promise<Database> {
  return settings.databaseUrl === undefined ? openEmbedded(settings, onTrouble) : openGiven(settings.databaseUrl)
}

async function openGiven(url: string): Promise<Database> {
  const pool = createPool({ url, max: 1, applicationName: 'sankofa-start' })
  const where = new URL(url).host
  try {
    const version = await pool.query<{ server_version_num: string; server_version: string }>(
      `select current_setting('server_version_num') as server_version_num, current_setting('server_version') as server_version`,
    )
    const row = version.rows[0]
    const major = Math.floor(Number(row?.server_version_num) / 10_000)
    if (major < oldestMajor) {
      throw new SankofaError('SETTINGS_WRONG', {
        problems: [
          `DATABASE_URL: found PostgreSQL ${row?.server_version} at ${where}, expected ${oldestMajor} or newer.`,
        ],
      })
    }
    return { url, description: `PostgreSQL ${row?.server_version} at ${where}`, stop: async () => {} }
  } catch (cause) {
    if (cause instanceof SankofaError) throw cause
    const reason =
      cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause)
    throw new SankofaError('DATABASE_UNREACHABLE', { where, reason }, { cause })
  } finally {
    await pool.end()
  }
}

async function openEmbedded(settings: Settings, onTrouble: (sentence: string) => void): Promise<Database> {
  const directory = join(settings.directory, 'pg')
  const port = await keptPort(join(settings.directory, 'pg.port'))
  let stopping = false
  const start = async (): Promise<EmbeddedServer> => {
    const started = await startEmbedded({ directory, port })
    void started.ended.then(async () => {
      if (stopping) return
      onTrouble('PostgreSQL ended by itself; it is started again on the same data.')
      try {
        server = await start()
      } catch (error) {
        onTrouble(`PostgreSQL does not start again: ${error instanceof Error ? error.message : String(error)}`)
      }
    })
    return started
  }
  let server = await start()
  const url = await createMarketDatabase(server, join(settings.directory, 'market.password'))
  return {
    url,
    description: `PostgreSQL ${server.version}, embedded, data in ${server.directory}`,
    async stop() {
      stopping = true
      await server.stop()
    },
  }
}

/** The port of the last start when it is still free, so that an address noted down keeps working. */
async function keptPort(file: string): Promise<number> {
  const kept = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN
  // A server whose parent was killed holds it a moment longer, and is ended by startEmbedded.
  const port =
    Number.isInteger(kept) && ((await isPortFree(kept)) || existsSync(join(file, '..', 'pg', 'postmaster.pid')))
      ? kept
      : await freePort()
  writeFileSync(file, String(port))
  return port
}

/** The service runs as an unprivileged role that owns its database, as it would on a managed server. */
async function createMarketDatabase(server: EmbeddedServer, passwordFile: string): Promise<string> {
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 })
  const password = readFileSync(passwordFile, 'utf8')
  const admin = createPool({ url: server.url(), max: 1, applicationName: 'sankofa-start' })
  try {
    const role = await admin.query(`select 1 from pg_catalog.pg_roles as role where role.rolname = 'market'`)
    await admin.query(
      `${role.rowCount === 0 ? 'create' : 'alter'} role market login nosuperuser password '${password}'`,
    )
    const database = await admin.query(
      `select 1 from pg_catalog.pg_database as database where database.datname = 'market'`,
    )
    if (database.rowCount === 0) await admin.query('create database market owner market')
  } finally {
    await admin.end()
  }
  return `postgres://market:${password}@127.0.0.1:${server.port}/market`
}
