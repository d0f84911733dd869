import type pg from 'pg'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Batch } from './batch.ts'
import { defaultLimits } from './limits.ts'
import { createOutbox } from './outbox.ts'

const batch = (startMs: number, bytes: number, requests = 1): Batch => ({
  startMs,
  bytes,
  requests,
  dropped: {},
  report: [],
  cells: [],
  stages: [],
  bugs: [],
})

/** A pool that answers as told; `sent` is what was said to be dropped, write by write. */
const poolThat = (answer: () => Promise<unknown>) => {
  const sent: unknown[] = []
  const query = async ({ values }: { values: unknown[] }) => {
    sent.push(JSON.parse(String(values[0])))
    await answer()
    return { rows: [{ written: 1 }] }
  }
  return { sent, pool: { query } as unknown as pg.Pool }
}
const log = pino({ level: 'silent' })

test('what waits is bounded in bytes too, and the newest window is kept whatever its size', async () => {
  const { pool } = poolThat(() => Promise.reject(new Error('away')))
  const outbox = createOutbox(pool, { ...defaultLimits, pendingBytes: 1_000 }, log)

  for (let index = 0; index < 5; index += 1) outbox.add(batch(index, 400, 10))
  const bounded = outbox.pending()
  outbox.add(batch(5, 5_000, 10))

  expect(bounded).toEqual({ windows: 2, bytes: 800 })
  expect(outbox.pending()).toEqual({ windows: 1, bytes: 5_000 })
  expect(outbox.dropped()).toEqual({ windows: 5, requests: 50 })
})

test('a window that PostgreSQL refuses is dropped and counted, and does not hold up the others', async () => {
  let refusals = 1
  const { pool, sent } = poolThat(async () => {
    refusals -= 1
    if (refusals >= 0) throw Object.assign(new Error('invalid byte sequence'), { code: '22021' })
  })
  const outbox = createOutbox(pool, defaultLimits, log)
  outbox.add(batch(0, 1, 7))
  outbox.add(batch(1, 1))

  expect(await outbox.drain()).toBe(true)
  expect(sent).toEqual([{}, { windows: 1, requests: 7 }])
  expect(outbox.dropped()).toEqual({})
})

test('a window says the same at every try, because an earlier one may have arrived', async () => {
  let away = true
  const { pool, sent } = poolThat(() => (away ? Promise.reject(new Error('away')) : Promise.resolve()))
  const outbox = createOutbox(pool, { ...defaultLimits, pendingWindows: 2 }, log)
  outbox.add(batch(0, 1))
  outbox.add(batch(1, 1))
  outbox.add(batch(2, 1))

  await outbox.drain()
  outbox.add(batch(3, 1))
  await outbox.drain()
  away = false
  await outbox.drain()

  // Window 0 was lost before the first try, window 1 with what it had to tell before the second.
  expect(sent).toEqual([{ windows: 1, requests: 1 }, { windows: 2, requests: 2 }, { windows: 2, requests: 2 }, {}])
})
