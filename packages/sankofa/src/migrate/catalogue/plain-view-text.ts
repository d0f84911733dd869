import { type ColumnRef, type Node, parseSync, type SelectStmt } from 'libpg-query'
import { loadParser } from '../sql/statement.ts'
import type { Row } from './to-objects.ts'

/** From this version on a query of one relation is written down without the relation's name before each column. */
const plainSince = 160_000

/** Views as a newer server writes them down, so that a catalogue reads the same whichever version has it. */
export async function withPlainViewTexts(rows: readonly Row[], serverVersion: number): Promise<readonly Row[]> {
  if (serverVersion >= plainSince) return rows
  await loadParser()
  return rows.map((row) =>
    (row.kind === 'view' || row.kind === 'materialized view') && typeof row.text === 'string'
      ? { ...row, text: plainViewText(row.text) }
      : row,
  )
}

/** @internal The parser must be loaded. */
export function plainViewText(text: string): string {
  const query = selectOf(parseSync(text).stmts?.[0]?.stmt)
  if (query === undefined || query.larg !== undefined || !hasOneRelation(query)) return text
  const bytes = Buffer.from(text, 'utf8')
  const kept: Buffer[] = []
  let from = 0
  for (const at of prefixesOf(query).toSorted((one, other) => one - other)) {
    kept.push(bytes.subarray(from, at))
    from = endOfPrefix(bytes, at)
  }
  return Buffer.concat([...kept, bytes.subarray(from)]).toString('utf8')
}

const selectOf = (node: Node | undefined): SelectStmt | undefined =>
  node !== undefined && 'SelectStmt' in node ? node.SelectStmt : undefined

const hasOneRelation = ({ fromClause = [] }: SelectStmt): boolean => {
  const [only] = fromClause
  return fromClause.length === 1 && only !== undefined && !('JoinExpr' in only)
}

/** Where in the text `relation.column` begins, in the query itself: queries inside of it name the relation in any version. */
function prefixesOf(query: SelectStmt): readonly number[] {
  const outputs = query.targetList ?? []
  return columnsIn(query)
    .filter(({ column, sorts }) => !(sorts && isTaken(nameOf(column), outputs)))
    .flatMap(({ column: { fields = [], location = 0 } }) => {
      const [, last] = fields
      return fields.length === 2 && last !== undefined && 'String' in last ? [location] : []
    })
}

type Found = {
  readonly column: ColumnRef
  /** It is sorted by as it is: there newer servers name the relation where the query gives something else by that name. */
  readonly sorts: boolean
}

/** The first is what `order by` has, of the query, of a window or of an aggregate. */
const sorting: ReadonlySet<string | undefined> = new Set(['node', 'partitionClause', 'distinctClause'])

function columnsIn(node: unknown, within?: string): readonly Found[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([kind, inside]): readonly Found[] => {
    if (kind === 'SelectStmt') return []
    if (kind !== 'ColumnRef') return columnsIn(inside, Array.isArray(node) ? within : kind)
    return [{ column: inside as ColumnRef, sorts: sorting.has(within) }]
  })
}

const isTaken = (name: string | undefined, outputs: readonly Node[]): boolean =>
  outputs.some((output) => {
    if (!('ResTarget' in output) || output.ResTarget.name !== name) return false
    const { val } = output.ResTarget
    return val === undefined || !('ColumnRef' in val) || nameOf(val.ColumnRef) !== name
  })

function nameOf({ fields = [] }: ColumnRef): string | undefined {
  const last = fields.at(-1)
  return last !== undefined && 'String' in last ? last.String.sval : undefined
}

/** After the point that follows a name, which may be quoted. */
function endOfPrefix(bytes: Buffer, at: number): number {
  const [quote, point] = [0x22, 0x2e]
  if (bytes[at] !== quote) return bytes.indexOf(point, at) + 1
  let end = at + 1
  while (bytes[end] !== quote || bytes[end + 1] === quote) end += bytes[end] === quote ? 2 : 1
  return end + 2
}
