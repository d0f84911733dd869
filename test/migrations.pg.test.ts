import { join } from 'node:path'
import { proveMigrations, readMigrations } from 'sankofa/migrate'
import { expect, inject, test } from 'vitest'

const root = join(import.meta.dirname, '..')

// The ledger imports nothing of Sankofa, and the market's tables refer to the ledger's: together they are one history.
test('every migration of the ledger and of the market has an undo that is proved, with rows', async () => {
  const ledger = await readMigrations(join(root, 'packages/ledger/migrations'), { tool: 'sankofa' })
  const market = await readMigrations(join(root, 'apps/market/migrations'), { tool: 'sankofa' })
  const set = { ...market, migrations: [...ledger.migrations, ...market.migrations] }

  const { proofs } = await proveMigrations(set, { shadowUrl: inject('postgresUrl') })

  expect(proofs.map(({ group }) => group)).toEqual(set.migrations.map(({ group }) => group))
  const wrong = proofs.filter(({ ok, grade }) => !ok || grade !== 'exact')
  expect(wrong.map(({ group, grade, failure, differences }) => ({ group, grade, failure, differences }))).toEqual([])
}, 120_000)
