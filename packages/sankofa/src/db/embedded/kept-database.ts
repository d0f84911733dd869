import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPool } from '../pool.ts'
import { freePort, isPortFree } from './port.ts'
import { type EmbeddedServer, startEmbedded } from './server.ts'

/** A database on an embedded server whose data stay from run to run. */
export type KeptDatabase = {
  readonly url: string
  /** Which server, for a person; never the password. */
  readonly description: string
  stop(): Promise<void>
}

/**
 * Starts the embedded server of `directory`, again when it ends by itself, with a database that an unprivileged role of the
 * same name owns, as on a managed server. Port, password and data stay the same from run to run.
 *
 * @param options.name - of database and role: lower-case letters, digits and underscores
 */
export async function openKeptDatabase(options: {
  readonly directory: string
  readonly name: string
  onTrouble(sentence: string): void
}): Promise<KeptDatabase> {
  const { name, onTrouble } = options
  const directory = join(options.directory, 'pg')
  const port = await keptPort(join(options.directory, 'pg.port'))
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
  const url = await createDatabase(server, name, join(options.directory, `${name}.password`))
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

async function createDatabase(server: EmbeddedServer, name: string, passwordFile: string): Promise<string> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error(`"${name}" cannot name a database`)
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 })
  const password = readFileSync(passwordFile, 'utf8')
  const admin = createPool({ url: server.url(), max: 1, applicationName: 'sankofa-start' })
  try {
    const role = await admin.query('select 1 from pg_catalog.pg_roles as role where role.rolname = $1', [name])
    await admin.query(
      `${role.rowCount === 0 ? 'create' : 'alter'} role "${name}" login nosuperuser password '${password}'`,
    )
    const database = await admin.query('select 1 from pg_catalog.pg_database as database where database.datname = $1', [
      name,
    ])
    if (database.rowCount === 0) await admin.query(`create database "${name}" owner "${name}"`)
  } finally {
    await admin.end()
  }
  return `postgres://${name}:${password}@127.0.0.1:${server.port}/${name}`
}
