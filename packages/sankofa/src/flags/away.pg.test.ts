import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from '#harness'
import { changeId } from '../core/index.ts'
import { bootstrap, createPool, type EmbeddedServer, inTransaction, startEmbedded } from '../db/index.ts'
import { writeBack, writeExposure } from './flag-row.ts'
import { backLocal } from './local-back.ts'
import { aFlag, recordLog, withClient, withFolder } from './testing/fixtures.ts'

const flag = aFlag({ named: { on: ['tester'] } })
const change = changeId('new-checkout')
const exposure = { goId: 1n, salt: 's', stage: 1, share: 0.5, shareBefore: 0 }

let base: string
let server: EmbeddedServer

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'sankofa-away-'))
  server = await startEmbedded({ directory: join(base, 'pg'), durable: false })
  await write((client) => writeExposure(client, flag.id, change, exposure, 1n))
})
afterAll(async () => {
  await server.stop()
  rmSync(base, { recursive: true, force: true })
})

async function write(work: Parameters<typeof inTransaction<unknown>>[1]): Promise<void> {
  const pool = createPool({ url: server.url(), applicationName: 'test' })
  await bootstrap(pool)
  await inTransaction(pool, work)
  await pool.end()
}

test('PostgreSQL away: the last known state answers, its age grows, a restart has it, and it is up to date again later', () =>
  withFolder(async (directory) => {
    const url = server.url()
    const { log, messages } = recordLog()
    await withClient({ flags: [flag], url, directory, log }, async (client) => {
      expect(client.isOn(flag, { subject: 'tester' })).toBe(true)
      await vi.waitFor(() => expect(client.ageMs()).toBeLessThan(1_000))

      await server.stop()
      await vi.waitFor(() => expect(client.ageMs()).toBeGreaterThan(2_500), { timeout: 10_000 })
      expect(client.isOn(flag, { subject: 'tester' })).toBe(true)
      expect(messages.filter((line) => line.includes('does not answer'))).toHaveLength(1)

      await withClient({ flags: [flag], url, directory }, async (restarted) => {
        expect(restarted.isOn(flag, { subject: 'tester' })).toBe(true)
        expect(restarted.exposures('ama')).toHaveLength(1)
        expect(restarted.ageMs()).toBeGreaterThan(2_000)

        await backLocal(directory, change, { actor: 'kofi', reason: 'payments fail' })
        await vi.waitFor(() => expect(client.isOn(flag, { subject: 'tester' })).toBe(false), { timeout: 1_000 })
        await vi.waitFor(() => expect(restarted.isOn(flag, { subject: 'tester' })).toBe(false), { timeout: 1_000 })
      })

      server = await startEmbedded({ directory: join(base, 'pg'), port: server.port, durable: false })
      await write((connection) => writeBack(connection, flag.id, change, 1n))
      await vi.waitFor(() => expect(client.ageMs()).toBeLessThan(1_500), { timeout: 10_000 })
      expect(client.exposures('ama')).toEqual([])
    })
  }))

test('a process that knows nothing and reaches nothing starts, and runs every old path', () =>
  withFolder((directory) =>
    withClient({ flags: [flag], url: 'postgres://nobody@127.0.0.1:1/none', directory }, async (client) => {
      expect(client.isOn(flag, { subject: 'tester' })).toBe(false)
      expect(client.exposures('ama')).toEqual([])
    }),
  ))
