import { expect, test } from '#harness'
import { createPool } from '../db/index.ts'
import { LiveRequest } from './live-request.ts'
import { observePool } from './observe-pool.ts'
import { contexts, requestContext } from './request-context.ts'

const request = (id: string): LiveRequest => new LiveRequest({ requestId: id, route: 'GET /' }, 'GET /', 0)

test('on a busy pool every form runs in the context of its own request', async ({ db }) => {
  const pool = observePool(createPool({ url: db.url, max: 1, applicationName: 'test-observe-pool' }))
  const seen: [string, string | undefined][] = []
  const note = (id: string) => seen.push([id, requestContext()?.requestId])
  const forms: ((id: string) => Promise<void>)[] = [
    (id) => pool.query('select pg_sleep(0.001)').then(() => void note(id)),
    (id) => new Promise((resolve) => pool.query('select pg_sleep(0.001)', () => resolve(void note(id)))),
    (id) => new Promise((resolve) => pool.query('select pg_sleep($1)', [0.001], () => resolve(void note(id)))),
    (id) =>
      new Promise((resolve) =>
        pool.connect((_error, client, release) => {
          note(id)
          void client?.query('select pg_sleep(0.001)', () => {
            note(id)
            release()
            resolve()
          })
        }),
      ),
    async (id) => {
      const client = await pool.connect()
      note(id)
      await client.query('select pg_sleep(0.001)')
      note(id)
      client.release()
    },
  ]

  await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const id = `r${index}`
      return contexts.run(request(id), () => forms[index % forms.length]?.(id))
    }),
  )
  await pool.end()

  expect(seen).toHaveLength(56)
  expect(seen.filter(([mine, found]) => mine !== found)).toEqual([])
})

test('waiting for a connection and waiting for PostgreSQL are told apart', async ({ db }) => {
  const pool = observePool(createPool({ url: db.url, max: 1, applicationName: 'test-observe-pool' }))
  const [first, second] = [request('first'), request('second')]
  await pool.query('select 1')

  await Promise.all([first, second].map((each) => contexts.run(each, () => pool.query('select pg_sleep(0.05)'))))
  await pool.end()

  for (const { timings } of [first, second]) expect(timings.dbUs).toBeGreaterThan(50_000)
  expect(second.timings.poolUs).toBeGreaterThan(45_000)
  expect(first.timings.poolUs).toBeLessThan(second.timings.poolUs - 40_000)
})

test('errors and results reach the caller as without it, and wrapping twice times once', async ({ db }) => {
  const pool = observePool(observePool(createPool({ url: db.url, applicationName: 'test-observe-pool' })))
  const mine = request('mine')

  const error = await contexts.run(mine, () => pool.query('select nothing').catch((caught: unknown) => caught))
  const failed = await new Promise((resolve) => pool.query('select nothing', (caught: unknown) => resolve(caught)))
  const before = mine.timings.dbUs
  const startMs = performance.now()
  const result = await contexts.run(mine, () => pool.query<{ one: number }>('select 1 as one, pg_sleep(0.05)'))
  const wallUs = (performance.now() - startMs) * 1_000
  await pool.end()

  expect(error).toMatchObject({ code: '42703' })
  expect(failed).toMatchObject({ code: '42703' })
  expect(result.rows[0]?.one).toBe(1)
  expect(mine.timings.dbUs - before).toBeGreaterThan(50_000)
  expect(mine.timings.dbUs - before).toBeLessThanOrEqual(wallUs + 1)
})
