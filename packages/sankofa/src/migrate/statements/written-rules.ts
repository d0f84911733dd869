import { parseSync } from 'libpg-query'
import { columnNamed, type Relation } from './relations.ts'

/** What a table asks of the rows that a statement writes, as far as the text and the catalogue tell without running it. */
export type WrittenRules = {
  /** Columns, as `schema.table.column`, that must have a value and get NULL from it: left out without a default, or set to NULL. */
  readonly withoutValue: readonly string[]
  /** The same where a trigger stands before the row: it may fill them in. */
  readonly leftToTrigger: readonly string[]
  /** Rules of the tables that it writes, as `schema.table rule`: whether its rows satisfy them only running it can tell. */
  readonly rules: readonly string[]
}

type Tree = { readonly [key: string]: unknown }
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const inside = (node: unknown, kind: string): Tree | undefined => {
  const found = isTree(node) ? node[kind] : undefined
  return isTree(found) ? found : undefined
}

type Find = (schema: string | undefined, name: string) => Relation | undefined

/**
 * @param parameterTypes - of each `$n` the kinds of value that were seen: one that was always NULL is NULL
 * @param find - the table that a name means
 */
export function writtenRules(text: string, parameterTypes: readonly string[], find: Find): WrittenRules {
  const withoutValue = new Set<string>()
  const leftToTrigger = new Set<string>()
  const rules = new Set<string>()
  const isNull = (node: unknown): boolean => {
    const cast = inside(node, 'TypeCast')
    if (cast !== undefined) return isNull(cast.arg)
    const parameter = inside(node, 'ParamRef')
    return inside(node, 'A_Const')?.isnull === true || parameterTypes[Number(parameter?.number) - 1] === 'null'
  }
  const isDefault = (node: unknown): boolean => inside(node, 'SetToDefault') !== undefined
  const missing = (relation: Relation, name: string): void => {
    const into = relation.fillsRows ? leftToTrigger : withoutValue
    into.add(`${relation.schema}.${relation.name}.${name}`)
  }
  const written = (node: unknown): Relation | undefined => {
    const range = isTree(node) ? node : {}
    const relation = find(range.schemaname as string | undefined, String(range.relname))
    // What a view does with a row is its own affair.
    if (relation === undefined || (relation.kind !== 'r' && relation.kind !== 'p')) return undefined
    for (const rule of relation.rules) rules.add(`${relation.schema}.${relation.name} ${rule}`)
    return relation
  }
  /** @param rows - of each row the expressions in the order of `names`; `undefined` where the text does not tell them */
  const inserted = (
    relation: Relation,
    names: readonly string[],
    rows: readonly (readonly unknown[])[] | undefined,
  ) => {
    for (const { name, required, filled } of relation.columns) {
      if (!required) continue
      const place = names.indexOf(name)
      const values = place < 0 ? [] : (rows ?? []).map((row) => row[place])
      const isNothing = place < 0 ? !filled : values.some((value) => isNull(value) || (isDefault(value) && !filled))
      if (isNothing) missing(relation, name)
    }
  }
  const updated = (relation: Relation, targets: unknown): void => {
    for (const target of listOf(targets)) {
      const assigned = inside(target, 'ResTarget')
      const column = columnNamed(relation, String(assigned?.name))
      if (column?.required !== true) continue
      if (isNull(assigned?.val) || (isDefault(assigned?.val) && !column.filled)) missing(relation, column.name)
    }
  }
  const insertion = (statement: Tree): void => {
    const relation = written(statement.relation)
    if (relation === undefined) return
    const source = inside(statement.selectStmt, 'SelectStmt')
    const values = listOf(source?.valuesLists).map((row) => listOf(inside(row, 'List')?.items))
    const selected = listOf(source?.targetList).map((target) => inside(target, 'ResTarget')?.val)
    const rows = values.length > 0 ? values : selected.length > 0 && !selected.some(isStar) ? [selected] : undefined
    const named = listOf(statement.cols).map((column) => String(inside(column, 'ResTarget')?.name))
    if (named.length > 0) inserted(relation, named, rows)
    else if (source === undefined || rows !== undefined) {
      // Without names the values fill the first columns.
      const places = relation.columns.slice(0, rows?.[0]?.length ?? 0).map(({ name }) => name)
      inserted(relation, places, rows)
    }
    const conflict = isTree(statement.onConflictClause) ? statement.onConflictClause : {}
    updated(relation, conflict.targetList)
  }
  const merge = (statement: Tree): void => {
    const relation = written(statement.relation)
    if (relation === undefined) return
    for (const clause of listOf(statement.mergeWhenClauses)) {
      const when = inside(clause, 'MergeWhenClause')
      if (when?.commandType === 'CMD_UPDATE') updated(relation, when.targetList)
      if (when?.commandType !== 'CMD_INSERT') continue
      const values = listOf(when.values)
      const named = listOf(when.targetList).map((target) => String(inside(target, 'ResTarget')?.name))
      const first = relation.columns.slice(0, values.length).map(({ name }) => name)
      inserted(relation, named.length > 0 ? named : first, [values])
    }
  }
  const visit = (node: unknown): void => {
    if (!isTree(node)) return
    for (const [key, value] of Object.entries(node)) {
      if (!isTree(value)) continue
      if (key === 'InsertStmt') insertion(value)
      if (key === 'MergeStmt') merge(value)
      if (key === 'UpdateStmt') {
        const relation = written(value.relation)
        if (relation !== undefined) updated(relation, value.targetList)
      }
      visit(value)
    }
  }
  visit(parseSync(text).stmts)
  return { withoutValue: [...withoutValue], leftToTrigger: [...leftToTrigger], rules: [...rules] }
}

const isStar = (node: unknown): boolean =>
  listOf(inside(node, 'ColumnRef')?.fields).some((field) => inside(field, 'A_Star') !== undefined)

const added = (was: WrittenRules, now: WrittenRules, kind: keyof WrittenRules): readonly string[] =>
  now[kind].filter((one) => !was[kind].includes(one) && !was.leftToTrigger.includes(one))

/** Why a statement that could work before fails now, whatever is sent: a column that must have a value gets none. */
export function lackingSince(was: WrittenRules, now: WrittenRules): string | undefined {
  const columns = added(was, now, 'withoutValue')
  return columns.length === 0
    ? undefined
    : `it gives no value to ${columns.join(', ')}, which must have one now and has no default`
}

/** What is new and may make it fail: only running it can tell. */
export const doubtsSince = (was: WrittenRules, now: WrittenRules): readonly string[] => [
  ...added(was, now, 'leftToTrigger').map(
    (column) => `${column} must have a value now, which only a trigger could give it`,
  ),
  ...added(was, now, 'rules').map((rule) => `${rule} is new, and its rows were not tried against it`),
]
