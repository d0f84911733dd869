import type { A_Expr, FuncCall, Node } from 'libpg-query'
import { columnName, lastName } from './expression.ts'
import { callFunction } from './functions.ts'
import { operate } from './operate.ts'
import { dayMs, isMoment, parseArray, toNamedValue, type Value } from './value.ts'

type Get = (column: string) => Value

/**
 * Evaluates a condition as PostgreSQL would, as far as it is known here: good enough to find rows that the server will
 * accept. The server has the last word.
 *
 * @returns `undefined` when only the server can know
 */
export function evaluate(node: Node | undefined, get: Get): Value {
  if (node === undefined) return undefined
  if ('A_Const' in node) {
    const { isnull, ival, fval, sval, boolval } = node.A_Const
    if (isnull === true) return null
    if (ival !== undefined) return ival.ival ?? 0
    if (fval !== undefined) return Number(fval.fval)
    if (boolval !== undefined) return boolval.boolval ?? false
    return sval?.sval ?? (sval === undefined ? undefined : '')
  }
  if ('ColumnRef' in node) {
    const name = columnName(node)
    return name === undefined ? undefined : get(name)
  }
  if ('TypeCast' in node) return cast(evaluate(node.TypeCast.arg, get), node.TypeCast.typeName)
  if ('CollateClause' in node) return evaluate(node.CollateClause.arg, get)
  if ('BoolExpr' in node) return evaluateLogic(node.BoolExpr.boolop, node.BoolExpr.args ?? [], get)
  if ('NullTest' in node) {
    const value = evaluate(node.NullTest.arg, get)
    if (value === undefined) return undefined
    return (value === null) === (node.NullTest.nulltesttype === 'IS_NULL')
  }
  if ('BooleanTest' in node)
    return evaluateBooleanTest(node.BooleanTest.booltesttype, evaluate(node.BooleanTest.arg, get))
  if ('A_ArrayExpr' in node) {
    const items = (node.A_ArrayExpr.elements ?? []).map((item) => evaluate(item, get))
    return items.includes(undefined) ? undefined : items
  }
  if ('CoalesceExpr' in node) {
    for (const arg of node.CoalesceExpr.args ?? []) {
      const value = evaluate(arg, get)
      if (value !== null) return value
    }
    return null
  }
  if ('CaseExpr' in node) {
    if (node.CaseExpr.arg !== undefined) return undefined
    for (const when of node.CaseExpr.args ?? []) {
      if (!('CaseWhen' in when)) return undefined
      const holds = evaluate(when.CaseWhen.expr, get)
      if (holds === undefined) return undefined
      if (holds === true) return evaluate(when.CaseWhen.result, get)
    }
    return node.CaseExpr.defresult === undefined ? null : evaluate(node.CaseExpr.defresult, get)
  }
  if ('SQLValueFunction' in node) {
    const operation = node.SQLValueFunction.op ?? ''
    return /DATE|TIMESTAMP/.test(operation) ? { atMs: Date.now(), date: operation.includes('DATE') } : undefined
  }
  if ('FuncCall' in node) return evaluateCall(node.FuncCall, get)
  return 'A_Expr' in node ? evaluateOperator(node.A_Expr, get) : undefined
}

function evaluateCall(call: FuncCall, get: Get): Value {
  const values = (call.args ?? []).map((arg) => evaluate(arg, get))
  const last = values.at(-1)
  const spread = call.func_variadic === true && Array.isArray(last) ? [...values.slice(0, -1), ...last] : values
  return callFunction(lastName(call.funcname), spread)
}

function cast(value: Value, type: { names?: Node[]; arrayBounds?: Node[] } | undefined): Value {
  const name = lastName(type?.names)
  if (value === null || value === undefined) return value
  if (type?.arrayBounds !== undefined && type.arrayBounds.length > 0) {
    if (typeof value !== 'string') return Array.isArray(value) ? value : undefined
    return parseArray(value)?.map((item) => (item === null ? null : toNamedValue(item, name)))
  }
  if (typeof value === 'string') return toNamedValue(value, name) ?? (isOpaque(name) ? undefined : value)
  if (isMoment(value) && name === 'date') return { atMs: value.atMs - (value.atMs % dayMs), date: true }
  if (isMoment(value) && name.startsWith('timestamp')) return { atMs: value.atMs, date: false }
  if (typeof value === 'object' && !Array.isArray(value) && !name.startsWith('json')) return undefined
  if (typeof value === 'number' && ['text', 'varchar'].includes(name)) return undefined
  if (typeof value === 'number' && /^int[248]$/.test(name)) return Math.round(value)
  return value
}

/** Types whose text form says nothing about their order or equality. Names of enums and domains are unknown here. */
const isOpaque = (name: string): boolean =>
  /range|^interval$|^time|^inet$|^cidr$|^bit|^varbit$|^reg|^json|^ts/.test(name)

function evaluateLogic(operator: string | undefined, args: readonly Node[], get: Get): Value {
  if (operator === 'NOT_EXPR') {
    const value = evaluate(args[0], get)
    return typeof value === 'boolean' ? !value : value === null ? null : undefined
  }
  const decides = operator === 'OR_EXPR'
  let result: Value = !decides
  for (const arg of args) {
    const value = evaluate(arg, get)
    // Most parts of a long list of cases need not be looked at.
    if (value === decides) return decides
    if (value !== null && typeof value !== 'boolean') result = undefined
    else if (value === null && result !== undefined) result = null
  }
  return result
}

function evaluateBooleanTest(test: string | undefined, value: Value): Value {
  if (value === undefined) return undefined
  const not = test?.startsWith('IS_NOT') === true
  const wanted = test?.endsWith('TRUE') ? true : test?.endsWith('FALSE') ? false : null
  return (value === wanted) !== not
}

function evaluateOperator(expression: A_Expr, get: Get): Value {
  const name = lastName(expression.name)
  const left = expression.lexpr === undefined ? undefined : evaluate(expression.lexpr, get)
  const right = evaluate(expression.rexpr, get)
  switch (expression.kind) {
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL': {
      if (left === null || right === null) return null
      if (!Array.isArray(right)) return undefined
      const any = expression.kind === 'AEXPR_OP_ANY'
      const results = right.map((item) => operate(name, left, item))
      if (results.includes(any)) return any
      if (results.includes(undefined)) return undefined
      return results.includes(null) ? null : !any
    }
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT': {
      const equal = left === null || right === null ? left === right : operate('=', left, right)
      if (typeof equal !== 'boolean' || left === undefined || right === undefined) return undefined
      return equal === (expression.kind === 'AEXPR_NOT_DISTINCT')
    }
    case 'AEXPR_NULLIF': {
      const equal = operate('=', left, right)
      return equal === undefined ? undefined : equal === true ? null : left
    }
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      if (expression.lexpr === undefined) return name === '-' && typeof right === 'number' ? -right : undefined
      return operate(name, left, right)
    default:
      return undefined
  }
}
