import { type Node, parseSync } from 'libpg-query'
import { remember, rememberOf } from './remember.ts'

/** Reads a list of expressions as `pg_get_expr` writes them; none when the grammar does not take them. */
export const parseExpressions = remember(read)

function read(text: string): readonly Node[] {
  try {
    const statement = parseSync(`select ${text}`).stmts?.[0]?.stmt
    if (statement === undefined || !('SelectStmt' in statement)) return []
    return (statement.SelectStmt.targetList ?? []).flatMap((target) =>
      'ResTarget' in target && target.ResTarget.val !== undefined ? [target.ResTarget.val] : [],
    )
  } catch {
    // The server is newer than the parser, and accepts what it wrote itself: what is not read here, it decides.
    return []
  }
}

/** The name of the column that a node is, without casts. */
export function columnName(node: Node): string | undefined {
  if ('TypeCast' in node) return node.TypeCast.arg && columnName(node.TypeCast.arg)
  if ('CollateClause' in node) return node.CollateClause.arg && columnName(node.CollateClause.arg)
  if (!('ColumnRef' in node)) return undefined
  const last = node.ColumnRef.fields?.at(-1)
  return last !== undefined && 'String' in last ? last.String.sval : undefined
}

/** Every node within, itself included. */
export function nodesIn(node: Node): readonly Node[] {
  const nodes: Node[] = []
  collect(node, nodes)
  return nodes
}

function collect(value: unknown, nodes: Node[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) collect(item, nodes)
    return
  }
  for (const [kind, inner] of Object.entries(value)) {
    // Kinds of nodes begin with a capital, fields do not.
    if (typeof inner === 'object' && kind < 'a') nodes.push({ [kind]: inner } as unknown as Node)
    collect(inner, nodes)
  }
}

/** Names of all columns that an expression looks at. */
export const columnsOf = rememberOf((node: Node): ReadonlySet<string> => {
  const names = nodesIn(node).map((inner) => ('ColumnRef' in inner ? columnName(inner) : undefined))
  return new Set(names.filter((name) => name !== undefined))
})

/** The last part of a possibly qualified name of a function, an operator or a type. */
export function lastName(names: readonly Node[] | undefined): string {
  const last = names?.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : ''
}
