import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import type { Folders } from '../write-folders.ts'
import type { Contestant } from './contestants.ts'
import { readSchema, type SchemaSeen } from './schema-hash.ts'

export type Took = {
  readonly tookMs: number
  /** Part of it: making tables of its own that only the first run on a database makes. */
  readonly ownSchemaMs: number
}

/** One contestant applies everything to a new database, which is looked at and dropped. */
export async function applyAll(
  contestant: Contestant,
  server: string,
  folders: Folders,
): Promise<Took & { readonly schema: SchemaSeen }> {
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  try {
    await admin.query('create database bench template template0')
    const address = new URL(server)
    address.pathname = '/bench'
    const url = address.href
    try {
      const took = await (contestant === 'dbmate'
        ? runDbmate(url, folders.dbmate)
        : runOnce(contestant === 'plain-again' ? 'plain' : contestant, url, folders))
      return { ...took, schema: await readSchema(url) }
    } finally {
      await admin.query('drop database bench with (force)')
    }
  } finally {
    await admin.end()
  }
}

/** From npm, where it is for this platform: Linux on x64. */
const dbmate = join(dirname(createRequire(import.meta.url).resolve('@dbmate/linux-x64/package.json')), 'bin', 'dbmate')

async function runDbmate(url: string, folder: string): Promise<Took> {
  const began = performance.now()
  const settings = ['--url', `${url}?sslmode=disable`, '--migrations-dir', folder, '--no-dump-schema']
  await promisify(execFile)(dbmate, [...settings, 'up'], { maxBuffer: 64 * 1_024 * 1_024 })
  return { tookMs: performance.now() - began, ownSchemaMs: 0 }
}

export type Library = Exclude<Contestant, 'dbmate' | 'plain-again'>

async function runOnce(library: Library, url: string, folders: Folders): Promise<Took> {
  const folder = library === 'node-pg-migrate' ? folders[library] : folders.sankofa
  const child = fork(fileURLToPath(new URL('once.ts', import.meta.url)), [library, url, folder], {
    execArgv: ['--conditions=sankofa-source', '--disable-warning=ExperimentalWarning'],
  })
  let took: Took | undefined
  child.on('message', (message: Took) => {
    took = message
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0 || took === undefined) throw new Error(`${library} did not apply them: it ended with ${code}`)
  return took
}
