import type { Node } from 'libpg-query'
import type { Statement } from './statement.ts'

/** Statements that run together: in one transaction, or each by itself. */
export type Unit = { readonly transaction: boolean; readonly statements: readonly Statement[] }

/**
 * Says how a text can run: one transaction where PostgreSQL allows it, else the shortest pieces. A text with its own
 * `begin` and `commit` keeps them.
 *
 * @param transaction - `none` when the author said so
 */
export function toUnits(statements: readonly Statement[], transaction: 'auto' | 'none'): readonly Unit[] {
  if (statements.length === 0) return []
  if (transaction === 'none' || statements.some((statement) => statement.kind === 'TransactionStmt')) {
    return byThemselves(statements)
  }
  const units: { transaction: boolean; statements: Statement[] }[] = []
  for (const statement of statements) {
    const alone = mustRunAlone(statement.node) || (statements.length > 1 && addsEnumValue(statement.node))
    const last = units.at(-1)
    if (!alone && last?.transaction === true) last.statements.push(statement)
    else units.push({ transaction: !alone, statements: [statement] })
  }
  return units
}

/**
 * Statements between the author's own `begin` and `commit` belong together; the others stand alone. What ends in `rollback`
 * leaves nothing, so it is not sent: a `commit` of ours would make it last.
 */
function byThemselves(statements: readonly Statement[]): readonly Unit[] {
  const units: Unit[] = []
  let inside: Statement[] | undefined
  for (const statement of statements) {
    const { kind, chain } = 'TransactionStmt' in statement.node ? statement.node.TransactionStmt : {}
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') {
      inside ??= []
    } else if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') {
      if (inside !== undefined && kind === 'TRANS_STMT_COMMIT') units.push({ transaction: true, statements: inside })
      inside = chain === true ? [] : undefined
    } else if (inside !== undefined) {
      inside.push(statement)
    } else {
      units.push({ transaction: false, statements: [statement] })
    }
  }
  if (inside !== undefined) units.push({ transaction: true, statements: inside })
  return units.filter((unit) => unit.statements.length > 0)
}

/** What PostgreSQL refuses inside a transaction block. */
export function mustRunAlone(node: Node): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true
  if ('DropStmt' in node) return node.DropStmt.concurrent === true
  if ('ReindexStmt' in node) {
    const { kind, params = [] } = node.ReindexStmt
    const concurrently = params.some((param) => 'DefElem' in param && param.DefElem.defname === 'concurrently')
    return concurrently || kind === 'REINDEX_OBJECT_DATABASE' || kind === 'REINDEX_OBJECT_SYSTEM'
  }
  if ('AlterTableStmt' in node) {
    return (node.AlterTableStmt.cmds ?? []).some(
      (command) =>
        'AlterTableCmd' in command &&
        command.AlterTableCmd.subtype === 'AT_DetachPartition' &&
        JSON.stringify(command.AlterTableCmd.def ?? {}).includes('"concurrent":true'),
    )
  }
  return (
    'VacuumStmt' in node ||
    'CreatedbStmt' in node ||
    'DropdbStmt' in node ||
    'AlterSystemStmt' in node ||
    'CreateTableSpaceStmt' in node ||
    'DropTableSpaceStmt' in node
  )
}

/** Allowed in a transaction, but its value cannot be used before the commit: so it has a transaction of its own. */
const addsEnumValue = (node: Node): boolean =>
  'AlterEnumStmt' in node && node.AlterEnumStmt.newVal !== undefined && !node.AlterEnumStmt.oldVal
