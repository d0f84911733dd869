import {
  choiceFields,
  flagFields,
  listFields,
  nameFields,
  optionalClauses,
  orderedLists,
  otherOperators,
  otherTypes,
  otherWords,
} from './clauses.ts'
import type { Json } from './json.ts'

/** One small change of a parse tree. */
export type Edit = {
  /** Keys and indexes from the root. */
  readonly path: readonly (string | number)[]
  /** Absent: what stands there is left out. */
  readonly value?: Json
  /** `IndexStmt.whereClause left out`. */
  readonly words: string
}

/** Every small change that is known for what stands in a parse tree. */
export function editsOf(root: Json): readonly Edit[] {
  const edits: Edit[] = []
  const visit = (value: Json, path: readonly (string | number)[], kind: string): void => {
    if (Array.isArray(value)) {
      for (const [index, element] of value.entries()) visit(element, [...path, index], kind)
      return
    }
    if (value === null || typeof value !== 'object') return
    for (const [key, inside] of Object.entries(value as { readonly [key: string]: Json })) {
      const here = [...path, key]
      edits.push(...editsOfField(kind, key, inside, here), ...editsOfBody(key, inside, here))
      if (key === 'IndexElem') edits.push(...editsOfNulls(inside, here))
      visit(inside, here, /^[A-Z]/.test(key) ? key : kind)
    }
    edits.push(...unsaid(kind, value as { readonly [key: string]: Json }, path))
  }
  visit(root, [], '')
  return edits
}

function editsOfField(kind: string, key: string, value: Json, path: Edit['path']): readonly Edit[] {
  const name = `${kind}.${key}`
  const instead = (other: Json): Edit => ({ path, value: other, words: `${name} ${short(value)} → ${short(other)}` })
  const edits: Edit[] = []
  if (optionalClauses.has(key)) edits.push({ path, words: `${name} left out` })
  if (listFields.has(key) && Array.isArray(value)) edits.push(...editsOfList(name, value, path))
  if (flagFields.has(key) && value === true) edits.push({ path, words: `${name} not said` })
  if (Object.hasOwn(choiceFields, key)) {
    const list = choiceFields[key] ?? []
    if (list.includes(value)) edits.push(...list.filter((other) => other !== value).map(instead))
  }
  if (nameFields.has(key) && typeof value === 'string') edits.push(instead(`${value}_x`))
  edits.push(...editsOfWord(kind, key, value, instead))
  return edits
}

/** Constants, operators and names of types. */
function editsOfWord(kind: string, key: string, value: Json, instead: (other: Json) => Edit): readonly Edit[] {
  const inside = value as { readonly [key: string]: Json }
  switch (`${kind}.${key}`) {
    case 'A_Const.ival':
      return [instead({ ival: Number(inside['ival'] ?? 0) + 1 })]
    case 'A_Const.sval':
      return [instead({ sval: `${String(inside['sval'] ?? '')}x` })]
    case 'A_Const.boolval':
      return [instead(inside['boolval'] === true ? {} : { boolval: true })]
    case 'Integer.ival':
      return [instead(Number(value) + 1)]
    case 'Float.fval':
      return [instead(`${String(value)}0`)]
    case 'Boolean.boolval':
      return []
    case 'String.sval': {
      const word = String(value)
      const other = otherOperators[word] ?? otherTypes[word] ?? otherWords[word]
      return other === undefined ? [] : [instead(other)]
    }
    default:
      return []
  }
}

/** NULLs at the other end. Unless said they are first in a descending index and last in any other. */
function editsOfNulls(value: Json, path: Edit['path']): readonly Edit[] {
  const { ordering, nulls_ordering: said } = value as { readonly ordering: string; readonly nulls_ordering: string }
  const first = said === 'SORTBY_NULLS_FIRST' || (said === 'SORTBY_NULLS_DEFAULT' && ordering === 'SORTBY_DESC')
  const other = first ? 'SORTBY_NULLS_LAST' : 'SORTBY_NULLS_FIRST'
  return [{ path: [...path, 'nulls_ordering'], value: other, words: `IndexElem.nulls_ordering ${said} → ${other}` }]
}

/** The text of a function gets one more comment. */
function editsOfBody(key: string, value: Json, path: Edit['path']): readonly Edit[] {
  if (key !== 'DefElem') return []
  const { defname, arg } = value as {
    readonly defname?: string
    readonly arg?: { readonly List?: { readonly items?: readonly Json[] } }
  }
  const [first] = arg?.List?.items ?? []
  if (defname !== 'as' || first === undefined) return []
  const { sval } = (first as { readonly String: { readonly sval: string } }).String
  const changed = { String: { sval: `${sval} -- changed` } }
  return [{ path: [...path, 'arg', 'List', 'items', 0], value: changed, words: 'body of the function changed' }]
}

function editsOfList(name: string, list: readonly Json[], path: Edit['path']): readonly Edit[] {
  const least = name === 'ColumnDef.constraints' || name.endsWith('.options') || name.endsWith('.definition') ? 1 : 2
  const without =
    list.length < least
      ? []
      : list.map((_, index) => ({
          path: [...path, index],
          words: `${name} without number ${index + 1}`,
        }))
  if (!orderedLists.has(name.slice(name.indexOf('.') + 1))) return without
  const exchanged = list.slice(1).flatMap((later, index): readonly Edit[] => {
    const earlier = list[index] ?? null
    // Where a constraint stands among the columns means nothing.
    if (isConstraint(earlier) || isConstraint(later)) return []
    const value = list.with(index, later).with(index + 1, earlier)
    return [{ path, value, words: `${name} with ${index + 1} and ${index + 2} exchanged` }]
  })
  return [...without, ...exchanged]
}

const isConstraint = (node: Json): boolean => typeof node === 'object' && node !== null && 'Constraint' in node

/** What is not said has no field in the tree: flags that a statement could have had. */
function unsaid(kind: string, node: { readonly [key: string]: Json }, path: Edit['path']): readonly Edit[] {
  const possible: Readonly<Record<string, readonly string[]>> = {
    IndexStmt: ['unique'],
    CreatePolicyStmt: ['permissive'],
    GrantStmt: ['grant_option'],
    CreateTrigStmt: ['row'],
  }
  return (possible[kind] ?? [])
    .filter((flag) => !Object.hasOwn(node, flag) && isBody(kind, node))
    .map((flag) => ({ path: [...path, flag], value: true, words: `${kind}.${flag} said` }))
}

const bodies: Readonly<Record<string, string>> = {
  IndexStmt: 'indexParams',
  CreatePolicyStmt: 'policy_name',
  GrantStmt: 'targtype',
  CreateTrigStmt: 'trigname',
}
const isBody = (kind: string, node: object): boolean => Object.hasOwn(node, bodies[kind] ?? '')

const short = (value: Json): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 30 ? `${text.slice(0, 30)}…` : text
}

/** Is it in the expression of `alter column … type … using`, which only writes rows? */
export function isInUsing(root: Json, { path }: Edit): boolean {
  let node: Json | undefined = root
  let retypes = false
  for (const key of path) {
    if (typeof node !== 'object' || node === null) return false
    if (key === 'raw_default') return retypes
    node = (node as { readonly [key: string | number]: Json })[key]
    if (typeof node === 'object' && node !== null && 'subtype' in node)
      retypes = node['subtype'] === 'AT_AlterColumnType'
  }
  return false
}

/** The tree with one change. */
export function applyEdit(node: Json, { path, value }: Edit): Json {
  const [key, ...rest] = path
  if (key === undefined) return value ?? null
  if (Array.isArray(node)) {
    const index = Number(key)
    const changed = rest.length === 0 ? value : applyEdit(node[index] ?? null, withPath(rest, value))
    return changed === undefined ? node.toSpliced(index, 1) : node.with(index, changed)
  }
  const object = node as { readonly [key: string]: Json }
  const { [key]: before, ...others } = object
  if (rest.length === 0) return value === undefined ? others : { ...object, [key]: value }
  return { ...object, [key]: applyEdit(before ?? null, withPath(rest, value)) }
}

const withPath = (path: Edit['path'], value: Json | undefined): Edit =>
  value === undefined ? { path, words: '' } : { path, value, words: '' }
