import type { History, Migration, StepClient } from '../migration.ts'

export type HistoryQuery = { readonly text: string; readonly values: readonly unknown[] }

/** A tool's table of what is applied: one row a migration, found by a key. */
export type HistoryTable = {
  /** As SQL, quoted; its schema only where the tool names one, so that `search_path` decides where it does for the tool. */
  readonly table: string
  /** It and what belongs to it, as `schema.table`. */
  readonly tables: readonly string[]
  /** What the tool runs where its table is missing; safe to run again. */
  readonly create: readonly string[]
  /** Yields one text column `key` of what is applied, in the order of applying. */
  readonly select: string
  /** From a name that may belong to a migration whose files are gone. */
  keyOf(id: string): string
  insert(key: string, migration: Migration): HistoryQuery
  remove(key: string, migration: Migration): HistoryQuery
}

/** Keeps a tool's own table as the tool itself would have left it. */
export function tableHistory(table: HistoryTable, migrations: readonly Migration[]): History {
  const ids = new Map(migrations.map((migration) => [table.keyOf(migration.id), migration.id]))
  return {
    tables: table.tables,
    async ensure(client) {
      for (const sql of table.create) await client.query(sql)
    },
    async applied(client) {
      if (!(await exists(client, table.table))) return []
      const found = await client.query<{ readonly key: string }>(table.select)
      // What has no file any more keeps the name that the table has for it.
      return found.rows.map(({ key }) => ids.get(key) ?? key)
    },
    async add(client, migration) {
      const { text, values } = table.insert(table.keyOf(migration.id), migration)
      await client.query(text, [...values])
    },
    async remove(client, migration) {
      const { text, values } = table.remove(table.keyOf(migration.id), migration)
      await client.query(text, [...values])
    },
  }
}

async function exists(client: StepClient, table: string): Promise<boolean> {
  const found = await client.query<{ readonly there: boolean }>('select to_regclass($1) is not null as there', [table])
  return found.rows[0]?.there === true
}
