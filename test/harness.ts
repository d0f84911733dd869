import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { createPool } from 'sankofa/db'
import { inject, test as plain } from 'vitest'

export { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, onTestFinished, vi } from 'vitest'

export type TestDatabase = { readonly url: string; readonly pool: pg.Pool }

const urlOf = (database: string): string => {
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${database}`
  return url.href
}

/** A clone of `template`: with the schema `sankofa` unless told otherwise; `template0` is empty. */
export async function createDatabase(
  template = inject('templateDatabase'),
): Promise<TestDatabase & { drop(): Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdmin((admin) => admin.query(`create database ${name} template ${template}`))
  const pool = createPool({ url: urlOf(name), max: 6, applicationName: 'test' })
  return {
    url: urlOf(name),
    pool,
    async drop() {
      // A test that failed may still hold a connection: its end must not be waited for.
      await Promise.race([pool.end(), delay(2_000, undefined, { ref: false })])
      await asAdmin((admin) => admin.query(`drop database if exists ${name} with (force)`))
    },
  }
}

/** A query of the superuser on the database `postgres`: to end connections, to look at the server. */
export async function asAdmin<T>(work: (admin: pg.Pool) => Promise<T>): Promise<T> {
  const admin = createPool({ url: inject('postgresUrl'), max: 1, applicationName: 'test-admin' })
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

/** `test` with a database of its own: a fresh clone for each test that asks for `db`. */
export const test = plain.extend<{ db: TestDatabase }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the fixture's needs from this pattern
  db: async ({}, use) => {
    const database = await createDatabase()
    await use(database)
    await database.drop()
  },
})
