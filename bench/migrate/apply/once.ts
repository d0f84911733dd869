import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { systemClock } from 'sankofa/core'
import { bootstrap, createPool } from 'sankofa/db'
import { openMigrator, readMigrations } from 'sankofa/migrate'
import type { Library } from './apply-all.ts'

/**
 * One contestant that is a library, in a process of its own, as migrations are run: `node once.ts NAME DATABASE_URL FOLDER`.
 * Tells its milliseconds from the first look at the folder to the end of the connection; loading the modules is not counted.
 * Of ours also, as a part of them, what making Sankofa's own schema took, which only a database's first run pays.
 */
const [name = '', url = '', folder = ''] = process.argv.slice(2)

let ownSchemaMs = 0

const apply: Readonly<Record<Library, () => Promise<unknown>>> = {
  async plain() {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('create table history (name text primary key, at timestamptz not null default now())')
    for (const migration of (await readdir(folder)).sort()) {
      const sql = await readFile(join(folder, migration, 'up.sql'), 'utf8')
      await client.query('begin')
      await client.query(sql)
      await client.query('insert into history (name) values ($1)', [migration])
      await client.query('commit')
    }
    await client.end()
  },
  async sankofa() {
    const pool = createPool({ url, applicationName: 'bench' })
    const set = await readMigrations(folder)
    const began = performance.now()
    await bootstrap(pool)
    ownSchemaMs = performance.now() - began
    await openMigrator({ pool, set, actor: 'bench', clock: systemClock }).upAll()
    await pool.end()
  },
  'node-pg-migrate': () =>
    runner({
      databaseUrl: url,
      dir: folder,
      migrationsTable: 'pgmigrations',
      direction: 'up',
      logger: { debug() {}, info() {}, warn() {}, error: console.error },
    }),
}

const began = performance.now()
await apply[name as Library]()
process.send?.({ tookMs: performance.now() - began, ownSchemaMs })
process.disconnect()
