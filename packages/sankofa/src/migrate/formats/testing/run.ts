import type pg from 'pg'
import { expect } from '#harness'
import type { Migration, MigrationSet } from '../../migration.ts'
import { runStep } from '../../run/run-step.ts'

/** Applies one as Sankofa does: its row in the same transaction. */
export async function goUp(
  client: pg.ClientBase,
  { history }: MigrationSet,
  migration: Migration | undefined,
): Promise<void> {
  if (migration === undefined) throw new Error('there is no such migration')
  await runStep(
    client,
    migration.up,
    {},
    {
      ending: async (_, sending, last) => (last ? history?.add(sending, migration) : undefined),
    },
  )
}

export async function goBack(
  client: pg.ClientBase,
  { history }: MigrationSet,
  migration: Migration | undefined,
): Promise<void> {
  if (migration?.undo === undefined) throw new Error('there is no undo')
  await runStep(
    client,
    migration.undo,
    {},
    {
      ending: async (_, sending, last) => (last ? history?.remove(sending, migration) : undefined),
    },
  )
}

/** What the real tool says and does on the same database. */
export type RealTool = {
  pending(): Promise<readonly string[]>
  applyAll(): Promise<unknown>
  takeLastBack?(): Promise<unknown>
}

/** Three migrations: two by us, the third by the tool, then one taken back by us; both must agree all the way. */
export async function agreeWithTool(pool: pg.Pool, set: MigrationSet, tool: RealTool): Promise<void> {
  const { history } = set
  const ids = set.migrations.map((migration) => migration.id)
  const client = await pool.connect()
  try {
    expect(await history?.applied(client)).toEqual([])
    await history?.ensure(client)
    await history?.ensure(client)
    await goUp(client, set, set.migrations[0])
    await goUp(client, set, set.migrations[1])

    expect(await history?.applied(client)).toEqual(ids.slice(0, 2))
    expect(await tool.pending()).toEqual(ids.slice(2))

    await tool.applyAll()
    expect(await history?.applied(client)).toEqual(ids)
    expect(await tool.pending()).toEqual([])

    await goBack(client, set, set.migrations[2])
    expect(await history?.applied(client)).toEqual(ids.slice(0, 2))
    expect(await tool.pending()).toEqual(ids.slice(2))

    await goUp(client, set, set.migrations[2])
    expect(await tool.pending()).toEqual([])
    await tool.takeLastBack?.()
    if (tool.takeLastBack !== undefined) expect(await history?.applied(client)).toEqual(ids.slice(0, 2))
  } finally {
    client.release()
  }
}

/** Names of the tables and columns in `public`, without what tools keep for themselves. */
export async function columns(pool: pg.Pool): Promise<readonly string[]> {
  const found = await pool.query<{ name: string }>(`
    select columns.table_name || '.' || columns.column_name as name
      from information_schema.columns
     where columns.table_schema = 'public'
       and columns.table_name in ('customer', 'product', 'purchase')
     order by (columns.table_name || columns.column_name) collate "C"`)
  return found.rows.map((row) => row.name)
}
