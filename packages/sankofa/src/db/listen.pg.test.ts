import { asAdmin, expect, onTestFinished, test, vi } from '#harness'
import { listen } from './index.ts'

test('a notification is heard at once, and a lost connection is replaced by itself', async ({ db }) => {
  let heard = 0
  const listener = listen({ url: db.url, channels: ['sankofa_flag'], pollMs: 60_000, onChange: () => (heard += 1) })
  onTestFinished(() => listener.stop())
  await vi.waitFor(() => expect(heard).toBe(1))

  await db.pool.query(`select pg_notify('sankofa_flag', '')`)
  await vi.waitFor(() => expect(heard).toBe(2))

  const ended = await asAdmin((admin) =>
    admin.query(
      `select pg_terminate_backend(pid) as ended from pg_stat_activity where application_name = 'sankofa-listen' and datname = $1`,
      [new URL(db.url).pathname.slice(1)],
    ),
  )
  expect(ended.rows).toEqual([{ ended: true }])
  await vi.waitFor(() => expect(heard).toBe(3), { timeout: 5_000 })
  await db.pool.query(`select pg_notify('sankofa_flag', '')`)
  await vi.waitFor(() => expect(heard).toBe(4))
})

test('without notifications the poll still tells', async () => {
  let heard = 0
  const listener = listen({
    url: 'postgres://nobody@127.0.0.1:1/none',
    channels: ['sankofa_flag'],
    pollMs: 20,
    onChange: () => (heard += 1),
  })
  onTestFinished(() => listener.stop())

  await vi.waitFor(() => expect(heard).toBeGreaterThan(3))
})
