import type { RecordedStatement } from '../../observe/index.ts'
import { loadParser } from '../sql/statement.ts'
import { type NamedTable, namedTables } from './named-tables.ts'

/**
 * Which routes send statements that read or write one of these tables? A name without a schema matches that table in any
 * schema. A statement that cannot be read counts as touching them: a route too many is safer than one too few.
 *
 * @param tables - `schema.table` or `table`, with the views on them where there are any
 */
export async function touchedRoutes(
  statements: readonly RecordedStatement[],
  tables: readonly string[],
): Promise<readonly string[]> {
  await loadParser()
  const wanted = tables.map(toNamed)
  const routes = new Set<string>()
  for (const { text, routes: sentBy } of statements) {
    const named = namedTables(text)
    const touches = named === undefined || named.some((table) => wanted.some((one) => isSame(table, one)))
    if (touches) for (const route of sentBy) routes.add(route)
  }
  return [...routes].sort()
}

function toNamed(table: string): NamedTable {
  const dot = table.indexOf('.')
  return dot < 0 ? { name: table } : { schema: table.slice(0, dot), name: table.slice(dot + 1) }
}

const isSame = (one: NamedTable, other: NamedTable): boolean =>
  one.name === other.name && (one.schema === undefined || other.schema === undefined || one.schema === other.schema)
