import type pg from 'pg'
import type { RecordedStatement } from '../../observe/index.ts'
import type { StatementFinding } from './finding.ts'

export type CheckOptions = {
  /** The role that the release connects as, where the shadow's catalogue has its privileges; an ordinary one unless told. */
  readonly role?: string
  /** What was found on the schema before: what worked there is sent again, with the same values. */
  readonly before?: readonly StatementFinding[]
  /** For all of them together; 10 s unless told. What is left is `not tried`. */
  readonly budgetMs?: number
}

/**
 * Runs recorded statements on a shadow as an ordinary role, each rolled back: on the schema before a migration to learn
 * with which values they work, then on the schema after it with those.
 *
 * @param client - superuser on the shadow, outside of a transaction; nothing that it does stays, except that sequences advance
 */
export async function checkStatements(
  client: pg.ClientBase,
  statements: readonly RecordedStatement[],
  options: CheckOptions = {},
): Promise<readonly StatementFinding[]> {
  throw new Error(`not built yet: ${statements.length} ${typeof client} ${options.role}`)
}
