import type { AlterTableStmt, ColumnDef, CreateStmt, DropStmt, Node, TypeName } from 'libpg-query'
import { parseSync } from 'libpg-query'
import type { TableName } from '../sql/effects.ts'
import type { Statement } from '../sql/statement.ts'
import { identifier } from './text-form.ts'

/** A column that a statement adds, with nothing but a type, a default and `not null`. */
export type Added = {
  readonly table: TableName
  readonly column: string
  readonly type: string
  readonly modifiers: string
  readonly collation: string | null
  readonly hasDefault: boolean
}

/** A table or a column that a statement of its own drops, and nothing that hangs on it. */
export type Dropped = {
  readonly at: number
  readonly table: TableName
  readonly column?: string
  readonly cascade: boolean
}

/** What the text of a step says of tables that may be hidden or moved. Names are without their schemas. */
export type StepShape = {
  readonly adds: readonly Added[]
  readonly drops: readonly Dropped[]
  /** Tables made by a plain `create table`, of which no later statement takes or changes a column. */
  readonly creates: readonly TableName[]
  /** Tables of which a statement wants all columns, whatever they are, and words of which nobody knows. */
  readonly exposes: ReadonlySet<string>
  /** Tables of which rows are read or written by name. */
  readonly uses: ReadonlySet<string>
  readonly renames: ReadonlySet<string>
}

/** Among what a step exposes: nobody has read it. */
export const anyTable = '*'

// They say nothing of rows, and name the columns that they mean.
const aboutNames = new Set([
  ...['AlterTableStmt', 'IndexStmt', 'CommentStmt', 'DropStmt', 'GrantStmt', 'CreateSeqStmt', 'AlterSeqStmt'],
  ...[
    'CreateStatsStmt',
    'CreateEnumStmt',
    'AlterEnumStmt',
    'TransactionStmt',
    'CreateExtensionStmt',
    'CreateSchemaStmt',
  ],
  ...['CreateTrigStmt', 'AlterOwnerStmt', 'AlterTableMoveAllStmt', 'VacuumStmt', 'ReindexStmt'],
])
const aboutRows = new Set([
  ...['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'SelectStmt', 'ViewStmt', 'CreateTableAsStmt'],
])

export function shapeOf(statements: readonly Statement[]): StepShape {
  const shape = {
    adds: [] as Added[],
    drops: [] as Dropped[],
    creates: [] as TableName[],
    exposes: new Set<string>(),
    uses: new Set<string>(),
    renames: new Set<string>(),
  }
  const reshaped = new Set<string>()
  for (const [at, { node, kind }] of statements.entries()) {
    if ('AlterTableStmt' in node) readAlter(node.AlterTableStmt, at, shape, reshaped)
    else if ('DropStmt' in node) shape.drops.push(...droppedTables(node.DropStmt, at))
    else if ('CreateStmt' in node) {
      const table = plainTable(node.CreateStmt)
      if (table !== undefined) shape.creates.push(table)
      else add(shape.exposes, wordsOf(node))
    } else if (aboutRows.has(kind)) {
      const { tables, allColumns } = tablesIn(node)
      add(shape.uses, tables)
      if (allColumns) add(shape.exposes, tables)
    } else if (kind === 'RenameStmt' || kind === 'AlterObjectSchemaStmt') add(shape.renames, wordsOf(node))
    else if (!aboutNames.has(kind)) add(shape.exposes, wordsOf(node))
  }
  return { ...shape, creates: shape.creates.filter(({ name }) => !reshaped.has(name)) }
}

/** May it become another role? */
export const setsRole = (statements: readonly Statement[]): boolean =>
  statements.some(({ node }) =>
    'VariableSetStmt' in node
      ? ['role', 'session_authorization'].includes(node.VariableSetStmt.name ?? '')
      : wordsOf(node).some((word) => word === 'set_config' || ('DoStmt' in node && word.toLowerCase() === 'role')),
  )

const add = (set: Set<string>, more: Iterable<string>): void => {
  for (const each of more) set.add(each)
}

function readAlter(
  { relation, cmds = [], objtype }: AlterTableStmt,
  at: number,
  shape: { adds: Added[]; drops: Dropped[]; exposes: Set<string> },
  reshaped: Set<string>,
): void {
  if (relation?.relname === undefined || objtype !== 'OBJECT_TABLE') return
  const table = nameOf(relation)
  for (const command of cmds) {
    if (!('AlterTableCmd' in command)) continue
    const { subtype = '', name, def, behavior } = command.AlterTableCmd
    if (subtype === 'AT_DropColumn' && name !== undefined) {
      shape.drops.push({ at, table, column: name, cascade: behavior === 'DROP_CASCADE' })
    }
    if (subtype === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def) {
      const added = toAdded(table, def.ColumnDef)
      if (added !== undefined) shape.adds.push(added)
    }
    if (subtype === 'AT_DropColumn' || subtype === 'AT_AlterColumnType') reshaped.add(table.name)
    // Tables that are joined to others must agree with them on their columns.
    if (['AT_AddInherit', 'AT_AttachPartition', 'AT_AddOf'].includes(subtype)) add(shape.exposes, wordsOf(command))
    if (['AT_AddInherit', 'AT_AttachPartition', 'AT_AddOf'].includes(subtype)) shape.exposes.add(table.name)
  }
}

function toAdded(table: TableName, { colname, typeName, constraints = [], ...rest }: ColumnDef): Added | undefined {
  const kinds = constraints.map((each) => ('Constraint' in each ? each.Constraint : {}))
  const plain = kinds.every(
    ({ contype = '', conname }) =>
      ['CONSTR_NOTNULL', 'CONSTR_NULL', 'CONSTR_DEFAULT'].includes(contype) && conname === undefined,
  )
  const type = typeName === undefined ? undefined : typeNamed(typeName)
  if (!plain || colname === undefined || type === undefined) return undefined
  if (rest.storage_name !== undefined || rest.compression !== undefined || rest.fdwoptions !== undefined)
    return undefined
  return {
    table,
    column: colname,
    ...type,
    collation: rest.collClause?.collname === undefined ? null : joined(rest.collClause.collname),
    hasDefault: kinds.some(({ contype }) => contype === 'CONSTR_DEFAULT'),
  }
}

function typeNamed({
  names = [],
  typmods,
  arrayBounds,
  setof,
  pct_type,
}: TypeName): Omit<Added, 'table' | 'column' | 'collation' | 'hasDefault'> | undefined {
  if (setof === true || pct_type === true) return undefined
  const type = `${joined(names)}${arrayBounds === undefined || arrayBounds.length === 0 ? '' : '[]'}`
  const modifiers = JSON.stringify(typmods ?? [], (key, value) => (key === 'location' ? undefined : value))
  return { type, modifiers }
}

/** What stands in brackets after a type, as `format_type` writes it. */
export function modifiersOf(type: string): string | undefined {
  let found: string | undefined
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('TypeCast' in value) {
      const { typeName } = value.TypeCast as { readonly typeName?: TypeName }
      found ??= typeName === undefined ? undefined : typeNamed(typeName)?.modifiers
    }
    for (const each of Object.values(value)) walk(each)
  }
  walk(parseSync(`select null::${type}`))
  return found
}

const joined = (names: readonly Node[]): string =>
  names.flatMap((each) => ('String' in each ? [identifier(each.String.sval ?? '')] : [])).join('.')

function droppedTables({ removeType, objects = [], behavior }: DropStmt, at: number): readonly Dropped[] {
  if (removeType !== 'OBJECT_TABLE') return []
  return objects.flatMap((object) => {
    const words = 'List' in object ? (object.List.items ?? []) : []
    const [name, schema] = words.flatMap((each) => ('String' in each ? [each.String.sval ?? ''] : [])).toReversed()
    if (name === undefined) return []
    return [{ at, table: schema === undefined ? { name } : { schema, name }, cascade: behavior === 'DROP_CASCADE' }]
  })
}

export function plainTable(create: CreateStmt): TableName | undefined {
  const { relation, inhRelations, partspec, partbound, ofTypename, if_not_exists, tableElts = [] } = create
  const like = tableElts.some((each) => 'TableLikeClause' in each)
  const odd = [inhRelations?.length, partspec, partbound, ofTypename, if_not_exists].some(Boolean)
  if (relation?.relname === undefined || relation.relpersistence !== 'p' || odd || like) return undefined
  return nameOf(relation)
}

export const nameOf = ({
  schemaname: schema,
  relname: name = '',
}: {
  readonly schemaname?: string
  readonly relname?: string
}): TableName => (schema === undefined ? { name } : { schema, name })

/** `t.*`, a row as a whole, or values without the names of their columns. */
function tablesIn(node: unknown): { readonly tables: ReadonlySet<string>; readonly allColumns: boolean } {
  const tables = new Set<string>()
  const called = new Set<string>()
  const single = new Set<string>()
  let star = false
  const walk = (value: unknown, key: string): void => {
    if (typeof value !== 'object' || value === null) return
    const fields = value as Readonly<Record<string, unknown>>
    if (key === 'A_Star') star = true
    if (key === 'InsertStmt' && fields['cols'] === undefined) star = true
    if (typeof fields['relname'] === 'string') {
      tables.add(fields['relname'])
      called.add(fields['relname'])
    }
    if (typeof fields['aliasname'] === 'string') called.add(fields['aliasname'])
    if (key === 'ColumnRef' && (fields['fields'] as readonly unknown[] | undefined)?.length === 1)
      add(single, wordsOf(value))
    for (const [name, each] of Object.entries(value)) walk(each, name)
  }
  walk(node, '')
  return { tables, allColumns: star || [...single].some((name) => called.has(name)) }
}

/** Every word of a statement, also of a function's body. */
function wordsOf(node: unknown): readonly string[] {
  if (typeof node === 'string') return [node, ...node.split(/[^\p{L}\p{N}_$]+/u).filter((word) => word !== '')]
  return typeof node === 'object' && node !== null ? Object.values(node).flatMap(wordsOf) : []
}
