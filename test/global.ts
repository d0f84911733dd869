import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bootstrap, createPool, startEmbedded } from '../packages/sankofa/src/db/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser URL of the one PostgreSQL server of this run. */
    readonly postgresUrl: string
  }
}

/** One server for the whole run; its template has the schema `sankofa`, and each test gets a clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sankofa-test-'))
  // The server may run as another user than the tests.
  chmodSync(base, 0o755)
  const server = await startEmbedded({ directory: join(base, 'pg'), durable: false, maximumConnections: 300 })
  const admin = createPool({ url: server.url(), applicationName: 'test-setup' })
  await admin.query('create database template_sankofa')
  const template = createPool({ url: server.url('template_sankofa'), applicationName: 'test-setup' })
  await bootstrap(template)
  await template.end()
  await admin.query('alter database template_sankofa with is_template true allow_connections false')
  await admin.end()
  project.provide('postgresUrl', server.url())
  return async () => {
    await server.stop()
    rmSync(base, { recursive: true, force: true })
  }
}
