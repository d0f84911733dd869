import { constantOf, isTree, keyOf, type Leaf, literalType, parameterOf, shapeOf, type Tree } from './syntax-tree.ts'

/** Where the values of one `$n` of the result came from. */
export type Source = {
  /** Numbers of the parameters that the service sent. */
  readonly parameters: readonly number[]
  /** Types of the literals that stood there. */
  readonly literals: readonly string[]
}

/** Words that say what is computed, not with what: as parameters they would make `group by date_trunc('day', …)` invalid. */
export const unitWords: ReadonlySet<string> = new Set(
  `microsecond microseconds millisecond milliseconds second minute hour day week month quarter year decade century millennium
   epoch dow isodow doy isoyear julian timezone timezone_hour timezone_minute`.split(/\s+/),
)
const unitFunctions = new Set(['extract', 'date_trunc', 'date_part'])

/** Longest position in `order by 3` where the number of columns is hidden behind a `*`. */
const positionsOfStar = 20

/**
 * Makes every literal of a statement a `$n`, and lists of several one element long. Changes the tree.
 *
 * @returns for `$1`, `$2`, …, where its values came from
 */
export function takeLiterals(statement: Tree): readonly Source[] {
  const merged = new Map<Tree, Leaf[]>()
  collapse(statement, merged)
  const leaves: Leaf[] = []
  gather(statement, leaves, new Set())
  leaves.sort((a, b) => a.location - b.location)
  const sources: { parameters: Set<number>; literals: Set<string> }[] = []
  const numbers = new Map<string, number>()
  for (const leaf of leaves) {
    const together = [leaf, ...(merged.get(leaf.holder) ?? [])]
    if (together.every((one) => constantOf(one.holder)?.isnull === true)) continue
    const sent = parameterOf(leaf.holder)?.number
    // One parameter in two places stays one: PostgreSQL finds one type for both.
    const key = leaf.shared ?? (sent === undefined || together.length > 1 ? undefined : `$${sent}`)
    const number =
      (key === undefined ? undefined : numbers.get(key)) ?? sources.push({ parameters: new Set(), literals: new Set() })
    if (key !== undefined) numbers.set(key, number)
    for (const { holder } of together) {
      const constant = constantOf(holder)
      const parameter = parameterOf(holder)
      if (constant !== undefined && constant.isnull !== true) sources[number - 1]?.literals.add(literalType(constant))
      if (parameter !== undefined) sources[number - 1]?.parameters.add(parameter.number)
    }
    leaf.holder.ParamRef = { number, location: leaf.location }
  }
  // Only now: shared leaves and merged ones are read by what they were.
  for (const { holder } of leaves) if (holder.ParamRef !== undefined) delete holder.A_Const
  return sources.map(({ parameters, literals }) => ({ parameters: [...parameters], literals: [...literals] }))
}

/** `in (1, 2, 3)`, `values (…), (…)`, `array[…]` and the arms of `case`: of each shape one stays. */
function collapse(node: unknown, merged: Map<Tree, Leaf[]>): void {
  if (!isTree(node)) return
  for (const [name, value] of Object.entries(node)) {
    if (!isTree(value)) continue
    if (name === 'A_Expr' && (value.kind === 'AEXPR_IN' || value.kind === 'AEXPR_OP_ANY')) {
      const list = isTree(value.rexpr) ? value.rexpr.List : undefined
      if (isTree(list)) list.items = oneOfEachShape(list.items, merged)
    }
    if (name === 'A_ArrayExpr') value.elements = oneOfEachShape(value.elements, merged)
    if (name === 'CaseExpr') value.args = oneOfEachShape(value.args, merged)
    if (name === 'valuesLists') node.valuesLists = oneOfEachShape(value, merged)
    collapse(node[name], merged)
  }
}

function oneOfEachShape(items: unknown, merged: Map<Tree, Leaf[]>): unknown {
  if (!Array.isArray(items) || items.length < 2) return items
  const first = new Map<string, unknown>()
  for (const item of items) {
    const shape = shapeOf(item)
    const kept = first.get(shape)
    if (kept === undefined) {
      first.set(shape, item)
      continue
    }
    const into: Leaf[] = []
    const from: Leaf[] = []
    gatherAll(kept, into)
    gatherAll(item, from)
    for (const [index, leaf] of into.entries()) {
      const other = from[index]
      if (other !== undefined)
        merged.set(leaf.holder, [...(merged.get(leaf.holder) ?? []), other, ...(merged.get(other.holder) ?? [])])
    }
  }
  return [...first.values()]
}

function gatherAll(node: unknown, leaves: Leaf[]): void {
  if (!isTree(node)) return
  const found = constantOf(node) ?? parameterOf(node)
  if (found !== undefined) leaves.push({ holder: node, location: found.location ?? 0 })
  else for (const value of Object.values(node)) gatherAll(value, leaves)
}

/** @param grouped - keys of the expressions of `group by`, `order by` and `distinct on` around this node */
function gather(node: unknown, leaves: Leaf[], grouped: ReadonlySet<string>, shared?: string): void {
  if (!isTree(node)) return
  const found = constantOf(node) ?? parameterOf(node)
  if (found !== undefined) {
    leaves.push({ holder: node, location: found.location ?? 0, ...(shared === undefined ? {} : { shared }) })
    return
  }
  const inside = Array.isArray(node.groupClause ?? node.sortClause ?? node.distinctClause)
    ? new Set([...grouped, ...groupedKeys(node)])
    : grouped
  const key = shared === undefined && inside.size > 0 ? keyOf(node) : undefined
  const own = key !== undefined && inside.has(key) ? key : undefined
  let index = 0
  for (const [name, value] of Object.entries(node)) {
    // The length in `varchar(20)` is no value.
    if (name === 'typeName' || name === 'TypeName') continue
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isStructural(node, name, child)) continue
      const part = own ?? shared
      gather(child, leaves, inside, part === undefined ? undefined : `${part}/${name}.${index++}`)
    }
  }
}

function* groupedKeys(select: Tree): Iterable<string> {
  for (const clause of [select.groupClause, select.sortClause, select.distinctClause]) {
    if (!Array.isArray(clause)) continue
    for (const item of clause as readonly unknown[]) {
      const sorted = isTree(item) && isTree(item.SortBy) ? item.SortBy.node : item
      if (isTree(sorted) && constantOf(sorted) === undefined && parameterOf(sorted) === undefined) yield keyOf(sorted)
    }
  }
}

/** Is a literal part of what the statement is? The position in `order by 2`; the unit in `date_trunc('day', …)`. */
function isStructural(parent: Tree, name: string, child: unknown): boolean {
  if (name === 'groupClause' || name === 'distinctClause') return isPosition(parent, child)
  if (name === 'sortClause') return isTree(child) && isTree(child.SortBy) && isPosition(parent, child.SortBy.node)
  if (name === 'args' && Array.isArray(parent.funcname)) {
    const names = parent.funcname as readonly { readonly String?: { readonly sval: string } }[]
    const word = constantOf(child)?.sval?.sval
    return unitFunctions.has(names.at(-1)?.String?.sval ?? '') && word !== undefined && unitWords.has(word)
  }
  // An index with a condition is only found by that condition as it stands.
  return name === 'whereClause' && Array.isArray(parent.indexElems) && !hasOtherThanBooleans(child)
}

function isPosition(select: Tree, node: unknown): boolean {
  const position = constantOf(node)?.ival?.ival
  return position !== undefined && position >= 1 && position <= columnsOf(select)
}

function columnsOf(select: Tree): number {
  if (isTree(select.larg)) return columnsOf(select.larg)
  const targets = Array.isArray(select.targetList) ? select.targetList : []
  return JSON.stringify(targets).includes('"A_Star"') ? positionsOfStar : targets.length
}

function hasOtherThanBooleans(node: unknown): boolean {
  const leaves: Leaf[] = []
  gatherAll(node, leaves)
  return leaves.some(({ holder }) => {
    const constant = constantOf(holder)
    return constant === undefined || (constant.boolval === undefined && constant.isnull !== true)
  })
}
