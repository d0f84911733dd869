import { expect, type TestDatabase, test } from '#harness'
import { alone } from './tools.ts'

test('of two alerters that write at once, the second waits for the first', async ({ db }) => {
  const order: string[] = []
  let second: Promise<unknown> = Promise.resolve()

  await alone(db.pool, async () => {
    second = alone(db.pool, async () => order.push('second'))
    await expect.poll(() => isWaiting(db), { timeout: 10_000 }).toBe(true)
    order.push('first')
  })
  await second

  expect(order).toEqual(['first', 'second'])
})

const isWaiting = async (db: TestDatabase): Promise<boolean> => {
  const found = await db.pool.query(
    `select from pg_stat_activity as activity where activity.datname = current_database() and activity.wait_event_type = 'Lock'`,
  )
  return found.rowCount === 1
}
