import { type Source, takeLiterals } from './literals.ts'
import { isSurelyWithoutLiterals, isTextSafe } from './safe-text.ts'
import { constantOf, isTree, keyOf, parameterOf, type Tree } from './syntax-tree.ts'

/** One statement without its values. */
export type NormalStatement = { readonly text: string; readonly sources: readonly Source[] }

/**
 * Reads a text as PostgreSQL does.
 *
 * @returns its statements without values; none where there is nothing to record, such as `begin`; `undefined` where it
 *   cannot be told what is a value, so that nothing of it may be kept
 */
export type Normaliser = (text: string) => readonly NormalStatement[] | undefined

const recordable = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** PostgreSQL's parser is WebAssembly of some MB: it is loaded when the first text waits, not with the service. */
export async function loadNormaliser(): Promise<Normaliser> {
  try {
    const [{ loadModule, parseSync, scanSync }, { deparseSync }] = await Promise.all([
      import('libpg-query'),
      import('pgsql-deparser'),
    ])
    await loadModule()
    return (text) => {
      try {
        const statements: NormalStatement[] = []
        for (const { stmt } of parseSync(text).stmts ?? []) {
          if (stmt === undefined || !isRecordable(stmt as Tree)) continue
          const sources = takeLiterals(stmt as Tree)
          const normal = deparseSync(stmt, { pretty: false })
          const again = parseSync(normal).stmts?.[0]?.stmt
          // The writer of SQL is not PostgreSQL's own: what it wrote must read as what was meant.
          if (keyOf(again) !== keyOf(stmt) || !isTextSafe(scanSync(normal).tokens, integersOf(stmt))) return undefined
          statements.push({ text: normal, sources })
        }
        return statements
      } catch {
        return undefined
      }
    }
  } catch {
    return withoutParser
  }
}

/** @internal Keeps only what surely has no literal. */
export const withoutParser: Normaliser = (text) => {
  if (!isSurelyWithoutLiterals(text)) return undefined
  const last = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  const sources = Array.from({ length: last }, (_, index) => ({ parameters: [index + 1], literals: [] }))
  return [{ text: text.trim(), sources }]
}

/** Reads and writes rows, of more than Sankofa's own tables. */
function isRecordable(statement: Tree): boolean {
  const [kind = ''] = Object.keys(statement)
  const body = statement[kind]
  if (!recordable.has(kind) || !isTree(body) || body.intoClause !== undefined) return false
  const schemas = schemasOf(statement)
  return schemas.length === 0 || schemas.some((schema) => schema !== 'sankofa')
}

function schemasOf(node: unknown): readonly (string | undefined)[] {
  if (!isTree(node)) return []
  return Object.entries(node).flatMap(([name, value]) =>
    isTree(value) && (name === 'RangeVar' || name === 'relation') && typeof value.relname === 'string'
      ? [value.schemaname as string | undefined]
      : schemasOf(value),
  )
}

/** Numbers that stayed: lengths of types, positions. */
function integersOf(node: unknown, found: Set<string> = new Set()): ReadonlySet<string> {
  if (!isTree(node) || parameterOf(node) !== undefined) return found
  const constant = constantOf(node)
  if (constant?.ival !== undefined) found.add(String(constant.ival.ival ?? 0))
  else for (const value of Object.values(node)) integersOf(value, found)
  return found
}
