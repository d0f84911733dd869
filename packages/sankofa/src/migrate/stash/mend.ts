import type { AlterTableCmd, AlterTableStmt, ColumnDef, Node, RangeVar } from 'libpg-query'
import { parseSync } from 'libpg-query'
import { deparse } from 'pgsql-deparser'
import type { StepClient } from '../migration.ts'
import type { Ours } from './as-ourselves.ts'
import { type Kept, namesByName, rowsNow } from './kept.ts'
import { identifier, quoted, withExactText } from './text-form.ts'
import { withoutTriggers } from './triggers.ts'
import { readWorld, tablesNamed } from './world.ts'

/** Kept rows, and the table in which they lie. */
export type Source = { readonly kept: Kept; readonly source: string }

/** Helps an undo that adds a column again: its kept values are there from the next statement on. */
export type Mender = {
  /** Tables of which rows were filled, by oid. */
  readonly filled: ReadonlySet<string>
  /** @returns statements to send instead */
  before(sql: string): Promise<readonly string[] | undefined>
  after(sql: string, client: StepClient): Promise<void>
  /** What could hold only after everything was put back. */
  finish(client: StepClient): Promise<void>
}

type Added = {
  readonly source: Source
  readonly column: string
  readonly notNull: boolean
  readonly primary: string | undefined
}

/**
 * `add column … not null` fails as soon as there are rows, and so does what follows it. With the kept values it need
 * not: the column is added without, filled, and made `not null` again.
 *
 * @param ours - around what only the stash's owner may read
 */
export function mendStatements(sources: readonly Source[], ours: Ours): Mender {
  const last: Added[] = []
  const owed: { readonly kept: Kept; readonly column: string }[] = []
  const filled = new Set<string>()
  return {
    filled,
    async before(sql) {
      if (sources.length === 0) return undefined
      // Of a statement that failed, in a try before this one.
      last.length = 0
      const found = parseOne(sql)
      if (found === undefined) return undefined
      const { node, alter } = found
      const added = (alter.cmds ?? []).flatMap((command) => addedBy(command, alter.relation, sources))
      last.push(...added)
      if (!added.some(({ notNull, primary }) => notNull || primary !== undefined)) return undefined
      return [await deparse(node)]
    },
    async after(_sql, client) {
      for (const { source, column, notNull, primary } of last.splice(0)) {
        const oid = await ours(client, async () => {
          const filledTable = await fill(client, source, column)
          if (primary !== undefined) await client.query(`alter table ${quoted(source.kept)} add ${primary}`)
          return filledTable
        })
        if (oid !== undefined) filled.add(oid)
        if (notNull) owed.push({ kept: source.kept, column })
      }
    },
    async finish(client) {
      for (const { kept, column } of owed.splice(0)) {
        const world = await readWorld(client)
        const there = tablesNamed(world, kept)[0]?.columns.find(({ name }) => name === column)
        if (there === undefined || there.notNull) continue
        await client.query('set constraints all immediate')
        await client.query(`alter table ${quoted(kept)} alter column ${identifier(column)} set not null`)
      }
    },
  }
}

function parseOne(sql: string): { readonly node: Node; readonly alter: AlterTableStmt } | undefined {
  const node = parseSync(sql).stmts?.[0]?.stmt
  return node !== undefined && 'AlterTableStmt' in node ? { node, alter: node.AlterTableStmt } : undefined
}

/** Takes `not null` and `primary key` out of the command. Columns with a default, or that fill themselves, need no help. */
function addedBy(command: Node, relation: RangeVar | undefined, sources: readonly Source[]): readonly Added[] {
  const added = 'AlterTableCmd' in command ? addedColumn(command.AlterTableCmd) : undefined
  const source = sources.find(
    ({ kept }) =>
      kept.name === relation?.relname && (relation.schemaname === undefined || relation.schemaname === kept.schema),
  )
  if (added === undefined || source === undefined) return []
  const column = added.colname ?? ''
  const constraints = added.constraints ?? []
  const fillsItself = constraints.some((each) =>
    ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].includes(typeOf(each) ?? ''),
  )
  const type = added.typeName?.names?.at(-1)
  const serial = type !== undefined && 'String' in type && /^(small|big)?serial[248]?$/.test(type.String.sval ?? '')
  if (fillsItself || serial || !source.kept.columns.includes(column)) return []
  const primary = constraints.find((each) => typeOf(each) === 'CONSTR_PRIMARY')
  const notNull = constraints.some((each) => typeOf(each) === 'CONSTR_NOTNULL')
  added.constraints = constraints.filter((each) => !['CONSTR_NOTNULL', 'CONSTR_PRIMARY'].includes(typeOf(each) ?? ''))
  const name = primary !== undefined && 'Constraint' in primary ? primary.Constraint.conname : undefined
  return [
    {
      source,
      column,
      notNull,
      primary:
        primary === undefined
          ? undefined
          : `${name === undefined ? '' : `constraint ${identifier(name)} `}primary key (${identifier(column)})`,
    },
  ]
}

const addedColumn = ({ subtype, def }: AlterTableCmd): ColumnDef | undefined =>
  subtype === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def ? def.ColumnDef : undefined

const typeOf = (node: Node): string | undefined => ('Constraint' in node ? node.Constraint.contype : undefined)

async function fill(client: StepClient, { kept, source }: Source, column: string): Promise<string | undefined> {
  const table = tablesNamed(await readWorld(client), kept)[0]
  const there = table?.columns.find(({ name }) => name === column)
  const reading = table === undefined ? undefined : rowsNow(table, namesByName(table, kept), kept.knownBy)
  if (table === undefined || there === undefined || reading === undefined) return undefined
  const value = `kept.v${kept.columns.indexOf(column) + 1}`
  await withoutTriggers(client, table, () =>
    withExactText(client, async () => {
      await client.query(
        `update ${table.kind === 'p' ? quoted(table) : `only ${quoted(table)}`} as target
            set ${identifier(column)} = ${value}::${there.type}
           from ${source} as kept join (${reading}) as now on now.key = kept.key and now.n = kept.n
          where target.ctid = now.place and target.tableoid = now.part and ${value} is not null`,
      )
    }),
  )
  return table.oid
}
