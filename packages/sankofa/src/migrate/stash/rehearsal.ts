import { effectsOf } from '../sql/effects.ts'
import type { Statement } from '../sql/statement.ts'

// What reaches outside the transaction, so that rolling back does not take it back.
const lasting = new Set([
  'setval',
  'dblink',
  'dblink_exec',
  'dblink_send_query',
  'lo_export',
  'pg_advisory_lock',
  'pg_terminate_backend',
  'pg_cancel_backend',
  'pg_reload_conf',
  'http',
  'http_get',
  'http_post',
])

/**
 * The statements of an undo as they can be tried out in a savepoint: without what neither changes rows nor can run in a
 * transaction.
 *
 * @returns `undefined` when trying it out would do something that a rollback does not take back
 */
export function rehearsalOf(statements: readonly Statement[]): readonly string[] | undefined {
  const reaching = effectsOf(statements).some(
    (effect) =>
      (effect.kind === 'call' && lasting.has(effect.name.name)) ||
      (effect.kind === 'opaque' && effect.because === 'it runs a program'),
  )
  if (reaching) return undefined
  return statements.filter((statement) => !changesNoRows(statement)).map(({ sql }) => sql)
}

function changesNoRows({ node }: Statement): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true
  if ('DropStmt' in node) return node.DropStmt.concurrent === true
  return 'TransactionStmt' in node || 'VacuumStmt' in node || 'ReindexStmt' in node
}
