import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { pino } from 'pino'
import { afterAll, expect, test } from '#harness'
import { bootstrap, createPool, startEmbedded } from '../db/index.ts'
import { createObserver } from './observer.ts'
import { readSignals } from './read-signals.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { testKey, testStartMs } from './testing/test-observer.ts'

const directory = mkdtempSync(join(tmpdir(), 'sankofa-away-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('with PostgreSQL stopped requests keep answering, memory is bounded, drops are counted, and measuring resumes', async () => {
  const pg = join(directory, 'pg')
  let server = await startEmbedded({ directory: pg, durable: false })
  const { port } = server
  const pool = createPool({ url: server.url(), applicationName: 'test-away' })
  await bootstrap(pool)
  const clock = createManualClock(testStartMs)
  const observer = createObserver({
    pool,
    service: 'shop',
    release: 'r1',
    subjectKey: testKey,
    exposures: () => [],
    watches: () => new Map(),
    log: pino({ level: 'silent' }),
    clock,
    limits: { pendingWindows: 4 },
  })
  const app = Fastify()
  app.addHook('onRequest', (request, reply, done) => {
    const live = observer.begin({ requestId: request.id, route: 'GET /' })
    reply.raw.once('close', () => observer.end(live, { status: reply.raw.statusCode }))
    observer.run(live, done)
  })
  app.get('/', () => 'here')
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`
  observer.start()
  let sent = 0
  const window = async (): Promise<void> => {
    for (let index = 0; index < 5; index += 1) {
      const reply = await fetch(url)
      expect(await reply.text()).toBe('here')
      sent += 1
    }
    await clock.advance(10_000)
    await clock.advance(500)
  }

  await window()
  await expect.poll(() => observer.health().windowsPending).toBe(0)
  await server.stop()
  await expect(pool.query('select 1')).rejects.toThrow()
  for (let index = 0; index < 9; index += 1) {
    await window()
    expect(observer.health().windowsPending).toBeLessThanOrEqual(4)
  }
  await expect.poll(() => observer.health().dropped).toEqual({ windows: 5, requests: 25 })
  server = await startEmbedded({ directory: pg, port, durable: false })
  await window()
  await expect
    .poll(async () => {
      await clock.advance(2_500)
      return observer.health().windowsPending
    })
    .toBe(0)
  await observer.stop()
  await app.close()

  const { rows } = await pool.query<{ requests: number; dropped: number }>(
    `select sum(report.requests)::int as requests, sum((report.dropped ->> 'requests')::int)::int as dropped from sankofa.process_report as report`,
  )
  expect(sent).toBe(55)
  expect((rows[0]?.requests ?? 0) + (rows[0]?.dropped ?? 0)).toBe(sent)
  expect(rows[0]?.dropped).toBeGreaterThanOrEqual(25)
  const signals = await readSignals(pool, { fromMs: testStartMs, toMs: testStartMs + 120_000, stepS: 10 })
  // The windows that were dropped are unknown, not quiet.
  expect(signals.traffic.filter((point) => point.requests === undefined).length).toBeGreaterThanOrEqual(5)
  expect(signals.dropped.requests).toBe(rows[0]?.dropped)
  await pool.end()
  await server.stop()
}, 60_000)
