import { asAdmin, expect, onTestFinished, test } from '#harness'
import { withShadow } from './shadow.ts'

const databases = (): Promise<readonly string[]> =>
  asAdmin(async (admin) => {
    const { rows } = await admin.query<{ name: string }>('select pg_database.datname as name from pg_database')
    return rows.map(({ name }) => name)
  })

test('what a killed proof left on a server is dropped by the next, and nothing of one that is at work', async ({
  db,
}) => {
  const left = 'sankofa_shadow_2147483646_0123456789ab'
  const others = 'sankofa_shadow_mine'
  await asAdmin((admin) => admin.query(`create database ${left}`))
  await asAdmin((admin) => admin.query(`create database ${others}`))
  onTestFinished(() => asAdmin((admin) => admin.query(`drop database if exists ${left}`)).then(() => {}))
  onTestFinished(() => asAdmin((admin) => admin.query(`drop database ${others}`)).then(() => {}))

  await withShadow({ url: db.url }, async (first) => {
    const { name } = await first.create()
    await withShadow({ url: db.url }, async () => {
      const there = await databases()
      expect(there).not.toContain(left)
      expect(there).toContain(name)
      expect(there).toContain(others)
    })
  })
})
