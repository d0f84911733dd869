import type { AlterTableStmt, CreateFunctionStmt, DropStmt, Node, RangeVar, RenameStmt, TypeName } from 'libpg-query'
import { createFormerNames } from './former-names.ts'
import { type Program, programOfDo, programOfFunction } from './program.ts'
import type { Statement } from './statement.ts'

/** A table, type or function as SQL names it; no schema where the search path decides. */
export type TableName = { readonly schema?: string; readonly name: string }

type What =
  | { readonly kind: 'drop table' | 'delete' | 'truncate'; readonly table: TableName; readonly cascade: boolean }
  | {
      readonly kind: 'drop column' | 'update'
      readonly table: TableName
      readonly columns: readonly string[]
    }
  /** `to`: what it becomes, where its values are not computed. */
  | {
      readonly kind: 'retype column'
      readonly table: TableName
      readonly columns: readonly string[]
      readonly to?: TypeName
    }
  | { readonly kind: 'insert'; readonly table: TableName }
  /** Rows leave it or change, and the text does not say which columns. */
  | { readonly kind: 'change'; readonly table: TableName }
  | { readonly kind: 'drop type' | 'drop sequence' | 'drop schema' | 'drop extension'; readonly name: TableName }
  | { readonly kind: 'call'; readonly name: TableName }
  /** From here on, a name without a schema may mean a table of any schema. */
  | { readonly kind: 'search path' }
  /** What happens is known only when it runs. */
  | { readonly kind: 'opaque'; readonly because: string }

/** Something that a statement destroys, writes or sets going. `at`: the statement, 0-based. */
export type Effect = What & { readonly at: number }

/**
 * What statements destroy or write, by their text: also inside `with`, `do` blocks, and functions that they define.
 * Tables and columns bear the names that they had before the first statement; tables that the statements create
 * themselves are left out. What a called function or a trigger does is for the database to say.
 */
export function effectsOf(statements: readonly Statement[]): readonly Effect[] {
  const read = createReader()
  return statements.flatMap(({ node }, at) => read(node).map((what) => ({ ...what, at })))
}

function createReader(): (node: Node) => readonly What[] {
  const names = createFormerNames()
  const defined = new Map<string, Program>()

  const onTable = (range: RangeVar | undefined, make: (table: TableName) => What): readonly What[] => {
    const table = range === undefined ? undefined : names.table(nameOf(range))
    return table === undefined ? [] : [make(table)]
  }

  const readers: { readonly [kind: string]: (body: never) => readonly What[] } = {
    DropStmt: (body: DropStmt) => dropped(body, names.table),
    DropOwnedStmt: () => [{ kind: 'opaque', because: 'it drops everything that a role owns' }],
    AlterTableStmt: (body: AlterTableStmt) => altered(body),
    RenameStmt: (body: RenameStmt) => renamed(body),
    AlterObjectSchemaStmt(body: { readonly relation?: RangeVar; readonly newschema?: string }) {
      if (body.relation !== undefined && body.newschema !== undefined) {
        const from = nameOf(body.relation)
        names.renamed(from, { schema: body.newschema, name: from.name })
      }
      return []
    },
    CreateStmt(body: { readonly relation?: RangeVar; readonly if_not_exists?: boolean }) {
      if (body.relation !== undefined && body.if_not_exists !== true) names.created(nameOf(body.relation))
      return []
    },
    CreateTableAsStmt(body: { readonly into?: { readonly rel?: RangeVar }; readonly if_not_exists?: boolean }) {
      if (body.into?.rel !== undefined && body.if_not_exists !== true) names.created(nameOf(body.into.rel))
      return []
    },
    IntoClause(body: { readonly rel?: RangeVar }) {
      if (body.rel !== undefined) names.created(nameOf(body.rel))
      return []
    },
    InsertStmt: (body: { readonly relation?: RangeVar; readonly onConflictClause?: { readonly action?: string } }) =>
      onTable(body.relation, (table) => ({
        kind: body.onConflictClause?.action === 'ONCONFLICT_UPDATE' ? 'change' : 'insert',
        table,
      })),
    UpdateStmt: (body: { readonly relation?: RangeVar; readonly targetList?: readonly Node[] }) =>
      onTable(body.relation, (table) => {
        const now = nameOf(body.relation ?? {})
        const columns = (body.targetList ?? []).flatMap((target) =>
          'ResTarget' in target ? [names.column(now, target.ResTarget.name ?? '')] : [],
        )
        return { kind: 'update', table, columns }
      }),
    DeleteStmt: (body: { readonly relation?: RangeVar }) =>
      onTable(body.relation, (table) => ({ kind: 'delete', table, cascade: true })),
    MergeStmt: (body: { readonly relation?: RangeVar }) =>
      onTable(body.relation, (table) => ({ kind: 'change', table })),
    CopyStmt: (body: { readonly relation?: RangeVar; readonly is_from?: boolean; readonly is_program?: boolean }) =>
      body.is_program === true
        ? [{ kind: 'opaque', because: 'it runs a program' }]
        : onTable(body.is_from === true ? body.relation : undefined, (table) => ({ kind: 'insert', table })),
    TruncateStmt: (body: { readonly relations?: readonly Node[]; readonly behavior?: string }) =>
      (body.relations ?? []).flatMap((relation) =>
        'RangeVar' in relation
          ? onTable(relation.RangeVar, (table) => ({
              kind: 'truncate',
              table,
              cascade: body.behavior === 'DROP_CASCADE',
            }))
          : [],
      ),
    FuncCall: (body: { readonly funcname?: readonly Node[] }) => called(body.funcname),
    CreateTrigStmt: (body: { readonly funcname?: readonly Node[] }) => called(body.funcname),
    VariableSetStmt: (body: { readonly name?: string }) =>
      body.name === 'search_path' ? [{ kind: 'search path' }] : [],
    DoStmt: (body: never) => performed(programOfDo(body), 'a DO block'),
  }

  function read(node: unknown): readonly What[] {
    if (typeof node !== 'object' || node === null) return []
    if (Array.isArray(node)) return node.flatMap(read)
    return Object.entries(node).flatMap(([key, value]) => {
      if (key === 'CreateFunctionStmt') return define(value as CreateFunctionStmt)
      const reader = Object.hasOwn(readers, key) ? readers[key] : undefined
      // Fields that hold a node of a known kind without its name around it.
      const bare = key === 'intoClause' ? readers['IntoClause'] : key === 'funccall' ? readers['FuncCall'] : undefined
      const inside = read(value)
      return [...inside, ...((reader ?? bare)?.(value as never) ?? [])]
    })
  }

  function define(body: CreateFunctionStmt): readonly What[] {
    const name = lastName(body.funcname)
    if (name !== undefined) defined.set(name.name, programOfFunction(body))
    return []
  }

  function called(funcname: readonly Node[] | undefined): readonly What[] {
    const name = lastName(funcname)
    if (name === undefined) return []
    const program = defined.get(name.name)
    if (program === undefined) return [{ kind: 'call', name }]
    // A function may call itself.
    defined.delete(name.name)
    const whats = performed(program, `function ${name.name}`)
    defined.set(name.name, program)
    return whats
  }

  function performed(program: Program, what: string): readonly What[] {
    const inside = program.nodes.flatMap(read)
    return program.opaque === undefined
      ? inside
      : [...inside, { kind: 'opaque', because: `${what}: ${program.opaque}` }]
  }

  function altered({ relation, cmds = [], objtype }: AlterTableStmt): readonly What[] {
    if (relation === undefined) return []
    if (objtype === 'OBJECT_TYPE') return [{ kind: 'drop type', name: nameOf(relation) }]
    const now = nameOf(relation)
    return cmds.flatMap((command): readonly What[] => {
      if (!('AlterTableCmd' in command)) return []
      const { subtype, name = '', def } = command.AlterTableCmd
      const columns = [names.column(now, name)]
      if (subtype === 'AT_DropColumn') return onTable(relation, (table) => ({ kind: 'drop column', table, columns }))
      if (subtype === 'AT_AlterColumnType') {
        const {
          typeName: to,
          raw_default: using,
          collClause,
        } = def !== undefined && 'ColumnDef' in def ? def.ColumnDef : {}
        const plain = to !== undefined && collClause === undefined && isCastTo(using, name, to)
        return onTable(relation, (table) => ({ kind: 'retype column', table, columns, ...(plain ? { to } : {}) }))
      }
      if (subtype === 'AT_DetachPartition') return onTable(relation, (table) => ({ kind: 'change', table }))
      return []
    })
  }

  function renamed({ renameType, relationType, relation, object, subname, newname }: RenameStmt): readonly What[] {
    if (newname === undefined) return []
    if (renameType === 'OBJECT_SCHEMA' && subname !== undefined) names.renamedSchema(subname, newname)
    if (relation === undefined || object !== undefined) return []
    const from = nameOf(relation)
    if (renameType === 'OBJECT_TABLE') names.renamed(from, { ...from, name: newname })
    if (renameType === 'OBJECT_COLUMN' && relationType !== 'OBJECT_VIEW' && subname !== undefined) {
      names.renamedColumn(from, subname, newname)
    }
    return []
  }

  return read
}

/** `using` may say no more than PostgreSQL does of itself. */
function isCastTo(using: Node | undefined, column: string, to: TypeName): boolean {
  if (using === undefined) return true
  if (!('TypeCast' in using)) return false
  const { arg, typeName } = using.TypeCast
  const [field, ...more] = arg !== undefined && 'ColumnRef' in arg ? (arg.ColumnRef.fields ?? []) : []
  const isColumn = field !== undefined && 'String' in field && field.String.sval === column && more.length === 0
  return isColumn && withoutPlaces(typeName) === withoutPlaces(to)
}

const withoutPlaces = (type: TypeName | undefined): string =>
  JSON.stringify(type ?? {}, (key, value) => (key === 'location' ? undefined : value))

function dropped(
  { objects = [], removeType, behavior }: DropStmt,
  former: (now: TableName) => TableName | undefined,
): readonly What[] {
  return objects.flatMap((object): readonly What[] => {
    const parts = 'List' in object ? object.List.items : 'TypeName' in object ? object.TypeName.names : [object]
    const name = lastName(parts)
    if (name === undefined) return []
    switch (removeType) {
      case 'OBJECT_TABLE': {
        const table = former(name)
        return table === undefined ? [] : [{ kind: 'drop table', table, cascade: behavior === 'DROP_CASCADE' }]
      }
      case 'OBJECT_TYPE':
      case 'OBJECT_DOMAIN':
        return [{ kind: 'drop type', name }]
      case 'OBJECT_SEQUENCE':
        return [{ kind: 'drop sequence', name }]
      case 'OBJECT_SCHEMA':
        return [{ kind: 'drop schema', name }]
      case 'OBJECT_EXTENSION':
        return [{ kind: 'drop extension', name }]
      default:
        return []
    }
  })
}

const nameOf = ({ schemaname: schema, relname: name = '' }: RangeVar): TableName =>
  schema === undefined ? { name } : { schema, name }

function lastName(parts: readonly Node[] | undefined): TableName | undefined {
  const words = (parts ?? []).flatMap((part) => ('String' in part ? [part.String.sval ?? ''] : []))
  const name = words.at(-1)
  const schema = words.at(-2)
  if (name === undefined) return undefined
  return schema === undefined ? { name } : { schema, name }
}
