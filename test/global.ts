import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bootstrap, createPool, startEmbedded } from '../packages/sankofa/src/db/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser URL of the one PostgreSQL server of this run. */
    readonly postgresUrl: string
    /** Database of that server with the schema `sankofa`: each test gets a clone of it. */
    readonly templateDatabase: string
    /** Its major version, such as 18: for tests of what older servers do not know. */
    readonly postgresVersion: number
  }
}

type TestServer = { readonly url: string; stop(): Promise<void> }

/** One server for the whole run, the embedded one unless TEST_DATABASE_URL names another. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL
  const server = given ? { url: given, stop: async () => {} } : await startOwn()
  const { template, version } = await createTemplate(server.url)
  project.provide('postgresUrl', server.url)
  project.provide('templateDatabase', template)
  project.provide('postgresVersion', version)
  return async () => {
    if (given) await dropTemplate(server.url, template)
    await server.stop()
  }
}

async function startOwn(): Promise<TestServer> {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sankofa-test-'))
  // The server may run as another user than the tests.
  chmodSync(base, 0o755)
  const server = await startEmbedded({ directory: join(base, 'pg'), durable: false, maximumConnections: 300 })
  return {
    url: server.url(),
    async stop() {
      await server.stop()
      rmSync(base, { recursive: true, force: true })
    },
  }
}

/** Of a name of its own: two runs may share a server. */
async function createTemplate(url: string): Promise<{ readonly template: string; readonly version: number }> {
  const name = `template_sankofa_${randomBytes(4).toString('hex')}`
  const address = new URL(url)
  address.pathname = `/${name}`
  const admin = createPool({ url, applicationName: 'test-setup' })
  await admin.query(`create database ${name} template template0`)
  const template = createPool({ url: address.href, applicationName: 'test-setup' })
  await bootstrap(template)
  await template.end()
  await admin.query(`alter database ${name} with is_template true allow_connections false`)
  const { rows } = await admin.query<{ major: number }>(
    `select current_setting('server_version_num')::int / 10000 as major`,
  )
  await admin.end()
  return { template: name, version: rows[0]?.major ?? 0 }
}

async function dropTemplate(url: string, name: string): Promise<void> {
  const admin = createPool({ url, applicationName: 'test-setup' })
  await admin.query(`alter database ${name} with is_template false`)
  await admin.query(`drop database ${name} with (force)`)
  await admin.end()
}
