import { type Node, parseSync } from 'libpg-query'

const parsed = new Map<string, readonly Node[]>()
/** Schemas have few distinct texts, but a long-lived process sees many schemas. */
const mostParsed = 5_000

/** Reads a list of expressions as `pg_get_expr` writes them; none when the grammar does not take them. */
export function parseExpressions(text: string): readonly Node[] {
  const known = parsed.get(text)
  if (known !== undefined) return known
  if (parsed.size >= mostParsed) parsed.clear()
  const nodes = read(text)
  parsed.set(text, nodes)
  return nodes
}

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
export function* nodesIn(value: unknown): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesIn(item)
  } else if (typeof value === 'object' && value !== null) {
    for (const [kind, inner] of Object.entries(value)) {
      if (/^[A-Z]/.test(kind)) yield { [kind]: inner } as unknown as Node
      yield* nodesIn(inner)
    }
  }
}

/** Names of all columns that an expression looks at. */
export function columnsOf(node: Node): ReadonlySet<string> {
  const names = new Set<string>()
  for (const inner of nodesIn(node)) {
    const name = 'ColumnRef' in inner ? columnName(inner) : undefined
    if (name !== undefined) names.add(name)
  }
  return names
}

/** The last part of a possibly qualified name of a function, an operator or a type. */
export function lastName(names: readonly Node[] | undefined): string {
  const last = names?.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : ''
}
