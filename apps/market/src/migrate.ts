import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import * as ledger from '@sankofa/ledger'
import type pg from 'pg'
import { systemClock } from 'sankofa/core'
import { type History, type MigrationSet, openMigrator, readMigrations, type StepClient } from 'sankofa/migrate'
import sql from 'sql-template-tag'

const folder = fileURLToPath(new URL('../migrations/', import.meta.url))

/**
 * Brings the database to what this code needs: the ledger, then every migration that is not applied yet. Processes that
 * start together take turns.
 *
 * @returns the names of what was applied now
 * @throws Error when an applied migration was edited afterwards
 */
export async function migrate(pool: pg.Pool): Promise<readonly string[]> {
  await ledger.install(pool)
  const migrator = openMigrator({ pool, set: await readMarketMigrations(), actor: 'market', clock: systemClock })
  const { migrations } = await migrator.upAll()
  return migrations.map(({ id }) => id)
}

/** The market's migrations, which stand on the ledger's schema. */
export async function readMarketMigrations(): Promise<MigrationSet> {
  const set = await readMigrations(folder, { tool: 'sankofa' })
  const before = { kind: 'sql', sql: await ledger.schemaSql(), transaction: 'auto' } as const
  return { ...set, before, history: earlierHistory(set) }
}

/**
 * Markets before this one kept what they had applied in a table of their own. Where it is, it is taken over and kept true, so
 * that such a market can still be started on the same database.
 */
function earlierHistory({ migrations }: MigrationSet): History {
  const isThere = async (client: StepClient): Promise<boolean> => {
    const { rows } = await client.query<{ there: boolean }>(
      sql`select to_regclass('public.market_migration') is not null as there`,
    )
    return rows[0]?.there === true
  }
  const hashes = new Map(migrations.map(({ id, up }) => [id, up.kind === 'sql' ? sha256(up.sql) : '']))
  return {
    tables: ['public.market_migration'],
    ensure: async () => {},
    async applied(client) {
      if (!(await isThere(client))) return []
      const { rows } = await client.query<{ name: string; sha256: string }>(
        sql`select migration.name, migration.sha256 from public.market_migration as migration`,
      )
      const edited = rows.find((row) => hashes.has(row.name) && hashes.get(row.name) !== row.sha256)
      if (edited !== undefined) {
        throw new Error(
          `Migration ${edited.name} was applied with other contents. Restore its up.sql and put the difference into a new migration.`,
        )
      }
      return rows.map((row) => row.name)
    },
    async add(client, { id }) {
      if (!(await isThere(client))) return
      await client.query(
        sql`insert into public.market_migration (name, sha256) values (${id}::text, ${hashes.get(id)}::text)`,
      )
    },
    async remove(client, { id }) {
      if (!(await isThere(client))) return
      await client.query(sql`delete from public.market_migration as migration where migration.name = ${id}::text`)
    },
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
