import { parseSync } from 'libpg-query'
import { columnNamed, type Relation, type RelationColumn } from './relations.ts'

/** How a statement uses one of its parameters, so that a value can be found that fits. */
export type Use = {
  readonly relation: Relation
  readonly column: RelationColumn
  /** Stored in the column, compared with it, compared as a pattern; or an array of such values. */
  readonly how: 'written' | 'compared' | 'pattern'
  readonly isArray: boolean
}

export type StatementUses = {
  readonly kind: 'select' | 'insert' | 'update' | 'delete' | 'merge'
  /** What it writes to. */
  readonly target?: Relation
  readonly relations: readonly Relation[]
  /** By number of the parameter. */
  readonly uses: ReadonlyMap<number, Use>
  /** Numbers of parameters of `limit` and `offset`. */
  readonly limits: ReadonlySet<number>
  readonly offsets: ReadonlySet<number>
  /** `insert … on conflict`: meeting a row is part of what it does. */
  readonly expectsConflict: boolean
}

type Tree = { readonly [key: string]: unknown }
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const inside = (node: unknown, kind: string): Tree | undefined => {
  const found = isTree(node) ? node[kind] : undefined
  return isTree(found) ? found : undefined
}

const comparisons = new Set(['=', '<>', '!=', '<', '<=', '>', '>=', '@>', '<@', '&&'])

type Scope = {
  readonly find: (schema: string | undefined, name: string) => Relation | undefined
  readonly aliases: Map<string, Relation>
  readonly relations: Relation[]
  /** Columns of `unnest($1, $2) as new (a, b)`: `new.a` is an element of `$1`. */
  readonly elements: Map<string, Map<string, number>>
  readonly uses: Map<number, Use>
  readonly limits: Set<number>
  readonly offsets: Set<number>
}

/** @param find - the table that a name means */
export function readUses(text: string, find: Scope['find']): StatementUses | undefined {
  const statement = parseSync(text).stmts?.[0]?.stmt as Tree | undefined
  const [name = ''] = Object.keys(statement ?? {})
  const body = inside(statement, name)
  if (statement === undefined || body === undefined) return undefined
  const scope: Scope = {
    find,
    aliases: new Map(),
    relations: [],
    elements: new Map(),
    uses: new Map(),
    limits: new Set(),
    offsets: new Set(),
  }
  collectRanges(statement, scope)
  collectUses(statement, scope)
  const relation = isTree(body.relation) ? body.relation : undefined
  const target = relation === undefined ? undefined : relationOf(relation, scope)
  return {
    kind: (name.replace('Stmt', '').toLowerCase() || 'select') as StatementUses['kind'],
    ...(target === undefined ? {} : { target }),
    relations: scope.relations,
    uses: scope.uses,
    limits: scope.limits,
    offsets: scope.offsets,
    expectsConflict: isTree(body.onConflictClause),
  }
}

const relationOf = (range: Tree, scope: Scope): Relation | undefined =>
  scope.find(range.schemaname as string | undefined, String(range.relname))

function collectRanges(node: unknown, scope: Scope): void {
  if (!isTree(node)) return
  for (const [key, value] of Object.entries(node)) {
    if (!isTree(value)) continue
    if ((key === 'RangeVar' || key === 'relation') && typeof value.relname === 'string') {
      const relation = relationOf(value, scope)
      const alias = isTree(value.alias) ? String(value.alias.aliasname) : value.relname
      if (relation !== undefined) {
        if (!scope.aliases.has(alias)) scope.aliases.set(alias, relation)
        if (!scope.relations.includes(relation)) scope.relations.push(relation)
      }
    }
    if (key === 'RangeFunction') collectElements(value, scope)
    collectRanges(value, scope)
  }
}

function collectElements(range: Tree, scope: Scope): void {
  const call = inside(listOf(inside(listOf(range.functions)[0], 'List')?.items)[0], 'FuncCall')
  const name = inside(listOf(call?.funcname).at(-1), 'String')?.sval
  if (call === undefined || name !== 'unnest') return
  const alias = isTree(range.alias) ? range.alias : {}
  const columns = listOf(alias.colnames).map((column) => String(inside(column, 'String')?.sval))
  const elements = new Map<string, number>()
  for (const [index, argument] of listOf(call.args).entries()) {
    const number = parameterIn(argument)
    // A function of one column is named by its alias.
    if (number !== undefined)
      elements.set(columns[index] ?? (index === 0 ? String(alias.aliasname) : `${index}`), number)
  }
  scope.elements.set(String(alias.aliasname ?? 'unnest'), elements)
}

/** The parameter that an expression hands on: itself, or in casts, `coalesce`, `lower` and the like. */
function parameterIn(node: unknown): number | undefined {
  const parameter = inside(node, 'ParamRef')
  if (parameter !== undefined) return Number(parameter.number)
  const cast = inside(node, 'TypeCast')
  if (cast !== undefined) return parameterIn(cast.arg)
  const call = inside(node, 'FuncCall') ?? inside(node, 'CoalesceExpr')
  if (call === undefined) return undefined
  for (const argument of listOf(call.args)) {
    const number = parameterIn(argument)
    if (number !== undefined) return number
  }
  return undefined
}

function columnIn(node: unknown, scope: Scope): { relation: Relation; column: RelationColumn } | undefined {
  const reference = inside(node, 'ColumnRef')
  if (reference !== undefined) {
    const names = listOf(reference.fields).map((field) => String(inside(field, 'String')?.sval))
    const name = names.at(-1) ?? ''
    const qualifier = names.at(-2)
    const among = qualifier === undefined ? scope.relations : [scope.aliases.get(qualifier)]
    for (const relation of among) {
      const column = relation === undefined ? undefined : columnNamed(relation, name)
      if (relation !== undefined && column !== undefined) return { relation, column }
    }
    return undefined
  }
  const around = inside(node, 'TypeCast')
  if (around !== undefined) return columnIn(around.arg, scope)
  for (const argument of listOf((inside(node, 'FuncCall') ?? inside(node, 'CoalesceExpr'))?.args)) {
    const found = columnIn(argument, scope)
    if (found !== undefined) return found
  }
  return undefined
}

function collectUses(node: unknown, scope: Scope): void {
  if (!isTree(node)) return
  for (const [key, value] of Object.entries(node)) {
    if (!isTree(value)) continue
    if (key === 'A_Expr') comparison(value, scope)
    if (key === 'InsertStmt') insertion(value, scope)
    if (key === 'UpdateStmt') assignments(value.targetList, relationOf(value.relation as Tree, scope), scope)
    if (key === 'MergeStmt') merge(value, scope)
    if (key === 'SelectStmt' || key === 'selectStmt') {
      note(scope.limits, value.limitCount)
      note(scope.offsets, value.limitOffset)
    }
    collectUses(value, scope)
  }
}

function note(into: Set<number>, node: unknown): void {
  const number = parameterIn(node)
  if (number !== undefined) into.add(number)
}

function use(node: unknown, found: Omit<Use, 'isArray'>, scope: Scope, isArray = false): void {
  const number = parameterIn(node)
  // What is written decides: one parameter may be compared too.
  if (number !== undefined && (found.how === 'written' || !scope.uses.has(number))) {
    scope.uses.set(number, { ...found, isArray })
  }
}

function comparison(expression: Tree, scope: Scope): void {
  const { kind, lexpr, rexpr } = expression
  const operator = String(inside(listOf(expression.name)[0], 'String')?.sval)
  const isPattern =
    kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE' || kind === 'AEXPR_SIMILAR' || operator.includes('~')
  if (kind === 'AEXPR_OP' && !isPattern && !comparisons.has(operator)) return
  const pair = (left: unknown, right: unknown): void => {
    const [rows, others] = [inside(left, 'RowExpr'), inside(right, 'RowExpr')]
    if (rows !== undefined && others !== undefined) {
      for (const [index, one] of listOf(rows.args).entries()) pair(one, listOf(others.args)[index])
      return
    }
    const column = columnIn(left, scope)
    if (column === undefined) return
    const how = isPattern ? 'pattern' : 'compared'
    const items = inside(right, 'List')?.items ?? inside(right, 'A_ArrayExpr')?.elements
    if (items === undefined) use(right, { ...column, how }, scope, kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_OP_ALL')
    else for (const item of listOf(items)) use(item, { ...column, how }, scope)
  }
  const items = inside(rexpr, 'List')?.items
  if (inside(lexpr, 'RowExpr') !== undefined && items !== undefined) for (const item of listOf(items)) pair(lexpr, item)
  else pair(lexpr, rexpr)
  if (kind === 'AEXPR_OP') pair(rexpr, lexpr)
}

function insertion(statement: Tree, scope: Scope): void {
  const relation = relationOf(statement.relation as Tree, scope)
  if (relation === undefined) return
  const names = listOf(statement.cols).map((column) => String(inside(column, 'ResTarget')?.name))
  const columns = names.length === 0 ? relation.columns : names.map((name) => columnNamed(relation, name))
  const write = (node: unknown, index: number): void => {
    const column = columns[index]
    if (column === undefined) return
    const element = elementOf(node, scope)
    if (element === undefined) use(node, { relation, column, how: 'written' }, scope)
    else scope.uses.set(element, { relation, column, how: 'written', isArray: true })
  }
  const source = inside(statement.selectStmt, 'SelectStmt')
  for (const row of listOf(source?.valuesLists)) {
    for (const [index, item] of listOf(inside(row, 'List')?.items).entries()) write(item, index)
  }
  let index = 0
  for (const target of listOf(source?.targetList)) {
    const value = inside(target, 'ResTarget')?.val
    for (const element of elementsOfStar(value, scope)) {
      const column = columns[index++]
      if (column !== undefined) scope.uses.set(element, { relation, column, how: 'written', isArray: true })
    }
    if (!isStar(value)) write(value, index++)
  }
  const conflict = isTree(statement.onConflictClause) ? statement.onConflictClause : {}
  assignments(conflict.targetList, relation, scope)
}

const isStar = (node: unknown): boolean =>
  listOf(inside(node, 'ColumnRef')?.fields).some((field) => inside(field, 'A_Star') !== undefined)

function elementsOfStar(node: unknown, scope: Scope): readonly number[] {
  if (!isStar(node)) return []
  const [first] = listOf(inside(node, 'ColumnRef')?.fields)
  const alias = inside(first, 'String')?.sval
  const of = alias === undefined ? [...scope.elements.values()] : [scope.elements.get(String(alias))]
  return of.flatMap((elements) => [...(elements?.values() ?? [])])
}

function elementOf(node: unknown, scope: Scope): number | undefined {
  const unwrapped = inside(node, 'TypeCast')?.arg ?? node
  const names = listOf(inside(unwrapped, 'ColumnRef')?.fields).map((field) => String(inside(field, 'String')?.sval))
  const name = names.at(-1)
  if (name === undefined) return undefined
  const qualifier = names.at(-2)
  const of = qualifier === undefined ? [...scope.elements.values()] : [scope.elements.get(qualifier)]
  return of.map((elements) => elements?.get(name)).find((number) => number !== undefined)
}

function assignments(targets: unknown, relation: Relation | undefined, scope: Scope): void {
  if (relation === undefined) return
  for (const target of listOf(targets)) {
    const assigned = inside(target, 'ResTarget')
    const column = columnNamed(relation, String(assigned?.name))
    if (assigned === undefined || column === undefined) continue
    const several = inside(assigned.val, 'MultiAssignRef')
    const value =
      several === undefined
        ? assigned.val
        : listOf(inside(several.source, 'RowExpr')?.args)[Number(several.colno ?? 1) - 1]
    use(value, { relation, column, how: 'written' }, scope)
  }
}

function merge(statement: Tree, scope: Scope): void {
  const relation = relationOf(statement.relation as Tree, scope)
  for (const clause of listOf(statement.mergeWhenClauses)) {
    const when = inside(clause, 'MergeWhenClause')
    if (when?.commandType === 'CMD_UPDATE') assignments(when.targetList, relation, scope)
    if (when?.commandType !== 'CMD_INSERT' || relation === undefined) continue
    const names = listOf(when.targetList).map((target) => String(inside(target, 'ResTarget')?.name))
    for (const [index, value] of listOf(when.values).entries()) {
      const column = names.length === 0 ? relation.columns[index] : columnNamed(relation, names[index] ?? '')
      if (column !== undefined) use(value, { relation, column, how: 'written' }, scope)
    }
  }
}
