import type { Statement } from '../sql/statement.ts'
import type { Unit } from '../sql/units.ts'

/** What the units before one have set on their connection: a run that goes on elsewhere has to set it again. */
export const settingsBefore = (units: readonly Unit[], unit: number): readonly string[] =>
  units
    .slice(0, unit)
    .flatMap(({ statements }) => statements)
    .filter(setsForTheSession)
    .map(({ sql }) => sql)

function setsForTheSession({ node }: Statement): boolean {
  if ('VariableSetStmt' in node) return node.VariableSetStmt.is_local !== true
  if (!('SelectStmt' in node)) return false
  const targets = node.SelectStmt.targetList ?? []
  // As pg_dump writes it: select pg_catalog.set_config('search_path', '', false)
  return (
    targets.length > 0 &&
    targets.every((target) => {
      const value = 'ResTarget' in target ? target.ResTarget.val : undefined
      if (value === undefined || !('FuncCall' in value)) return false
      const name = value.FuncCall.funcname?.at(-1)
      return name !== undefined && 'String' in name && name.String.sval === 'set_config'
    })
  )
}

/** Could it have left the connection's settings, or its role, other than they were? */
export const mayChangeSettings = (statements: readonly Statement[]): boolean =>
  statements.some(
    ({ kind, sql }) =>
      // A `select` may call set_config, a block or a procedure may do anything.
      ['VariableSetStmt', 'SelectStmt', 'DoStmt', 'CallStmt'].includes(kind) || sql.includes('set_config'),
  )
