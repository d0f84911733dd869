import { loadModule, type Node, parseSync } from 'libpg-query'
import { SankofaError } from '../../core/index.ts'

/** One statement of a migration, as PostgreSQL's own parser reads it. */
export type Statement = {
  /** Its text, without the `;`. */
  readonly sql: string
  /** 1-based line of the file on which it begins. */
  readonly line: number
  /** What the grammar calls it, such as `AlterTableStmt`. */
  readonly kind: string
  readonly node: Node
}

const newline = 10

let loaded: Promise<void> | undefined

/** The parser is WebAssembly: it is loaded once, before the first text is read. */
export const loadParser = (): Promise<void> => {
  loaded ??= loadModule()
  return loaded
}

/**
 * Splits a text into its statements. Comments alone are no statement.
 *
 * @throws SankofaError `MIGRATION_UNREADABLE` where PostgreSQL's grammar does not take it, with the line
 */
export async function readStatements(sql: string, file?: string): Promise<readonly Statement[]> {
  await loadParser()
  if (sql.trim() === '') return []
  const bytes = Buffer.from(sql, 'utf8')
  const statements: Statement[] = []
  // Lines are counted on from the statement before, not from the beginning: a file may have thousands.
  let counted = 0
  let line = 1
  for (const { stmt, stmt_location: from = 0, stmt_len: length } of parse(sql, file)) {
    if (stmt === undefined) continue
    const text = bytes.subarray(from, length === undefined ? undefined : from + length).toString('utf8')
    const start = from + Buffer.byteLength(text.slice(0, text.length - text.trimStart().length))
    for (; counted < start; counted++) if (bytes[counted] === newline) line++
    statements.push({ sql: text.trim(), line, kind: Object.keys(stmt)[0] ?? '', node: stmt })
  }
  return statements
}

function parse(sql: string, file: string | undefined): NonNullable<ReturnType<typeof parseSync>['stmts']> {
  try {
    return parseSync(sql).stmts ?? []
  } catch (cause) {
    const { message, sqlDetails } = cause as Error & { readonly sqlDetails?: { readonly cursorPosition: number } }
    const line = sql.slice(0, sqlDetails?.cursorPosition ?? 0).split('\n').length
    throw new SankofaError('MIGRATION_UNREADABLE', { file: file ?? 'the SQL', line, reason: message }, { cause })
  }
}
