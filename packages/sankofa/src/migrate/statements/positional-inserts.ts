import { parseSync } from 'libpg-query'
import type { RecordedStatement } from '../../observe/index.ts'
import type { StepClient } from '../migration.ts'
import { loadParser } from '../sql/statement.ts'
import type { NamedTable } from './named-tables.ts'

/**
 * Tables, as `schema.table`, into which statements insert without the names of columns: there the place of every column
 * counts. Names without a schema are looked up along the search path of `client`.
 */
export async function positionalInserts(
  client: StepClient,
  statements: readonly Pick<RecordedStatement, 'text'>[],
): Promise<readonly string[]> {
  await loadParser()
  const names = new Map<string, NamedTable>()
  for (const { text } of statements) for (const table of targetsOf(text)) names.set(JSON.stringify(table), table)
  if (names.size === 0) return []
  const { rows } = await client.query<{ table: string }>(
    `select distinct namespace.nspname || '.' || class.relname as table
       from unnest($1::text[], $2::text[]) as named (schema, name)
       join pg_catalog.pg_class as class on class.relname = named.name
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
      where namespace.nspname = named.schema or (named.schema is null and pg_catalog.pg_table_is_visible(class.oid))`,
    [[...names.values()].map(({ schema }) => schema ?? null), [...names.values()].map(({ name }) => name)],
  )
  return rows.map(({ table }) => table)
}

function targetsOf(text: string): readonly NamedTable[] {
  const found: NamedTable[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === 'InsertStmt') {
        const { relation, cols } = value as {
          readonly relation?: { readonly schemaname?: string; readonly relname?: string }
          readonly cols?: readonly unknown[]
        }
        const { schemaname: schema, relname: name } = relation ?? {}
        if (cols === undefined && name !== undefined) found.push(schema === undefined ? { name } : { schema, name })
      }
      visit(value)
    }
  }
  try {
    visit(parseSync(text).stmts)
  } catch {
    // What the parser does not take was recorded by another version: it names no place of a column.
  }
  return found
}
