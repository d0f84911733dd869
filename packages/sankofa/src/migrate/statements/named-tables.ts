import { parseSync } from 'libpg-query'

/** A table as a statement names it; no schema where the search path decides. */
export type NamedTable = { readonly schema?: string; readonly name: string }

/** Tables and views that a statement names, without those of its own `with`; `undefined` when it cannot be read. */
export function namedTables(text: string): readonly NamedTable[] | undefined {
  const tables = new Map<string, NamedTable>()
  try {
    for (const { stmt } of parseSync(text).stmts ?? []) if (stmt !== undefined) collect(stmt, new Set(), tables)
  } catch {
    return undefined
  }
  return [...tables.values()]
}

type WithClause = { readonly recursive?: boolean; readonly ctes?: readonly { readonly CommonTableExpr: Cte }[] }
type Cte = { readonly ctename: string; readonly ctequery: object }

function collect(node: object, local: ReadonlySet<string>, tables: Map<string, NamedTable>): void {
  const { withClause } = node as { readonly withClause?: WithClause }
  const scope = withClause === undefined ? local : withNames(withClause, local, tables)
  for (const [key, value] of Object.entries(node)) {
    // Names after `for update of` are aliases.
    if (typeof value !== 'object' || value === null || key === 'withClause' || key === 'lockedRels') continue
    // A RangeVar stands in a node of its own, except as the target of a write.
    if (key === 'RangeVar' || key === 'relation') add(value, scope, tables)
    collect(value, scope, tables)
  }
}

/** `with orders as (select … from orders)`: inside, the name is still the table's. */
function withNames(
  { recursive, ctes = [] }: WithClause,
  local: ReadonlySet<string>,
  tables: Map<string, NamedTable>,
): ReadonlySet<string> {
  const scope = new Set(local)
  if (recursive === true) for (const { CommonTableExpr: cte } of ctes) scope.add(cte.ctename)
  for (const { CommonTableExpr: cte } of ctes) {
    collect(cte.ctequery, new Set(scope), tables)
    scope.add(cte.ctename)
  }
  return scope
}

function add(
  range: { readonly schemaname?: string; readonly relname?: string },
  local: ReadonlySet<string>,
  tables: Map<string, NamedTable>,
): void {
  const { schemaname: schema, relname: name } = range
  if (name === undefined || (schema === undefined && local.has(name))) return
  tables.set(JSON.stringify([schema, name]), schema === undefined ? { name } : { schema, name })
}
