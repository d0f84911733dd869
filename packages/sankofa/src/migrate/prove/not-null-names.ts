import type { Constraint, Node, RenameStmt } from 'libpg-query'
import { majorOf } from '../catalogue/as-known-to.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { readStatements } from '../sql/statement.ts'
import type { Failure } from './proof.ts'
import type { RoundTrip } from './round-trip.ts'

/** From this version on a column's not-null constraint has a name that a statement can say. */
const namedSince = 18

/**
 * Where a step that ran on the shadow ends in an error on an older server: it says the name of a not-null constraint, and
 * there none has one. PostgreSQL finds out only when it runs it.
 */
export async function namesNotNull(
  { before, after, up, undone }: RoundTrip,
  runsOn: number,
): Promise<Failure | undefined> {
  if (runsOn >= namedSince || majorOf(before) < namedSince) return undefined
  const catalogues = after === undefined ? [before] : [before, after]
  const names = notNullNames(catalogues)
  const others = otherNames(catalogues)
  const steps = [
    { step: 'up', ran: up },
    { step: 'undo', ran: undone },
  ] as const
  for (const { step, ran } of steps) {
    for (const [migration, sent] of Object.entries(ran?.sent ?? {})) {
      for (const { sql, node } of (await Promise.all(sent.map((text) => readStatements(text)))).flat()) {
        const isNotNull = (name: string): boolean => !others.has(name) && (names.has(name) || namedByServer.test(name))
        const name = constraintsNamedBy(node).find(isNotNull)
        for (const made of constraintsMadeBy(node)) others.add(made)
        if (name === undefined) continue
        const reason = `PostgreSQL ${runsOn}, where it will run, has no constraint ${name}: before ${namedSince} a not-null constraint has no name, and only "alter column" sets and drops it`
        return { step, when: 'always', reason, statement: sql, migration }
      }
    }
  }
  return undefined
}

/** Of a column that is not there before and not after the step, such as one that gets another name later. */
const namedByServer = /_not_null\d*$/

const notNullNames = (catalogues: readonly Catalogue[]): ReadonlySet<string> =>
  new Set(
    catalogues
      .flatMap(({ objects }) => objects.map(({ properties }) => properties.notNullName))
      .filter((name) => typeof name === 'string'),
  )

const otherNames = (catalogues: readonly Catalogue[]): Set<string> =>
  new Set(
    catalogues.flatMap(({ objects }) =>
      objects.flatMap(({ kind, ownName }) => (kind === 'constraint' ? [ownName] : [])),
    ),
  )

/** Constraints that get their name from the statement; a not-null one has it on the newest servers only. */
function constraintsMadeBy(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([kind, inside]): readonly string[] => {
    if (kind === 'RenameStmt') {
      const { renameType, newname } = inside as RenameStmt
      return renameType === 'OBJECT_TABCONSTRAINT' && newname !== undefined ? [newname] : []
    }
    if (kind !== 'Constraint') return constraintsMadeBy(inside)
    const { contype, conname } = inside as Constraint
    return contype !== 'CONSTR_NOTNULL' && conname !== undefined ? [conname] : []
  })
}

/** Constraints that must be there for the statement to run. */
function constraintsNamedBy(node: Node): readonly string[] {
  if ('RenameStmt' in node) {
    const { renameType, subname } = node.RenameStmt
    return renameType === 'OBJECT_TABCONSTRAINT' && subname !== undefined ? [subname] : []
  }
  if ('CommentStmt' in node) {
    const { objtype, object } = node.CommentStmt
    const last = object !== undefined && 'List' in object ? object.List.items?.at(-1) : undefined
    return objtype === 'OBJECT_TABCONSTRAINT' && last !== undefined && 'String' in last ? [last.String.sval ?? ''] : []
  }
  if (!('AlterTableStmt' in node)) return []
  return (node.AlterTableStmt.cmds ?? []).flatMap((command) => {
    if (!('AlterTableCmd' in command)) return []
    const { subtype, name, missing_ok: mayBeMissing, def } = command.AlterTableCmd
    if (def !== undefined && 'ATAlterConstraint' in def) return def.ATAlterConstraint.conname ?? []
    const needsIt = subtype === 'AT_DropConstraint' || subtype === 'AT_ValidateConstraint'
    return needsIt && mayBeMissing !== true && name !== undefined ? [name] : []
  })
}
