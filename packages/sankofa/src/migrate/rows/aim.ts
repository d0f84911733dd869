import type { A_Expr, Node } from 'libpg-query'
import { evaluate } from './evaluate.ts'
import { columnName, lastName } from './expression.ts'
import type { Random } from './random.ts'
import type { Move, Row } from './rule.ts'
import type { Column } from './table.ts'
import { toText, type Value } from './value.ts'

export type Aim = {
  readonly row: Row
  readonly column: (name: string) => Column | undefined
  readonly get: (name: string) => Value
  /** Another value for a column. */
  readonly fresh: (column: Column) => Move | undefined
  readonly random: Random
}

/**
 * A move over several columns that makes for a whole condition: of alternatives one by chance, of parts that must all hold
 * each. For "what kind it is says which columns have a value", which trying one column after another rarely meets. Of parts
 * that are not of this sort nothing is moved.
 */
export function aimAt(condition: Node, aim: Aim): Move {
  if ('BoolExpr' in condition) {
    const { boolop, args = [] } = condition.BoolExpr
    if (boolop === 'AND_EXPR') return args.flatMap((arg) => aimAt(arg, aim))
    const chosen = boolop === 'OR_EXPR' ? args[aim.random(args.length)] : undefined
    return chosen === undefined ? [] : aimAt(chosen, aim)
  }
  if ('NullTest' in condition) {
    const { arg, nulltesttype } = condition.NullTest
    const column = arg && columnOf(arg, aim)
    return column === undefined ? [] : setNull(column, nulltesttype === 'IS_NULL', aim)
  }
  return 'A_Expr' in condition && lastName(condition.A_Expr.name) === '=' ? aimAtEqual(condition.A_Expr, aim) : []
}

function aimAtEqual({ kind, lexpr, rexpr }: A_Expr, aim: Aim): Move {
  const value = evaluate(rexpr, aim.get)
  if (lexpr === undefined || value === undefined) return []
  if ('FuncCall' in lexpr && typeof value === 'number') {
    const { funcname, args = [] } = lexpr.FuncCall
    const columns = args.flatMap((arg) => columnOf(arg, aim) ?? [])
    const name = lastName(funcname)
    if (columns.length < args.length || !/^num_(non)?nulls$/.test(name)) return []
    return setCount(columns, name === 'num_nulls' ? columns.length - value : value, aim)
  }
  const column = columnOf(lexpr, aim)
  if (column === undefined) return []
  const wanted = kind === 'AEXPR_OP_ANY' && Array.isArray(value) ? (value[aim.random(value.length)] as Value) : value
  const text = toText(wanted, column.type)
  return text === undefined || text === null ? [] : [[column.number, text]]
}

const columnOf = (node: Node, { column }: Aim): Column | undefined => {
  const name = columnName(node)
  const found = name === undefined ? undefined : column(name)
  return found?.generated === true ? undefined : found
}

function setNull(column: Column, isNull: boolean, { row, fresh }: Aim): Move {
  if (isNull) return column.notNull ? [] : [[column.number, null]]
  return row.get(column.number) === null ? (fresh(column) ?? []) : []
}

/** As many of the columns as are wanted keep a value or get one, by chance which. */
function setCount(columns: readonly Column[], wanted: number, aim: Aim): Move {
  const order = columns.map((column) => ({ column, place: aim.random(1_000) })).sort((a, b) => a.place - b.place)
  const ranked = order.map(({ column }) => column).sort((a, b) => Number(b.notNull) - Number(a.notNull))
  return ranked.flatMap((column, place) => setNull(column, place >= wanted, aim))
}
