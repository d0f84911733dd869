import { parseSync } from 'libpg-query'

/** What PostgreSQL prepares. */
const preparable = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/**
 * Is the text one single statement, and of those that can be prepared? `prepare name as TEXT` prepares the first statement of
 * a text and runs the others: whoever may write the table of recorded statements must not get to run anything by it.
 *
 * The parser must have been loaded.
 */
export function isOneStatement(text: string): boolean {
  try {
    const [first, ...more] = parseSync(text).stmts ?? []
    const [kind = ''] = Object.keys(first?.stmt ?? {})
    return more.length === 0 && preparable.has(kind)
  } catch {
    return false
  }
}

export const notOneStatement = 'its text is not one single statement that can be read and prepared'
