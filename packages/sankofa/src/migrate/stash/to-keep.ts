import type { StepClient } from '../migration.ts'
import type { Affected } from './affected.ts'
import type { Keep } from './stash-plan.ts'
import { fullName, type Table, type World } from './world.ts'

/** What is copied of a table; `undefined` where only new columns are written. */
export function toKeep(
  world: World,
  widths: Widths,
  { table, columns, unsteady, because }: Affected,
  unit: number,
): Keep | undefined {
  const real = table.columns.filter(({ generated }) => !generated).map(({ name }) => name)
  const touched = columns === 'all' ? real : real.filter((name) => columns.has(name))
  // Columns that only the step adds are nothing to keep.
  if (columns !== 'all' && touched.length === 0) return undefined
  const untouched = real.filter((name) => !touched.includes(name))
  const keys = table.keys.filter((each) => each.every((name) => real.includes(name)))
  const steady = keys.find((each) => !each.some((name) => unsteady.has(name)))
  const key = steady ?? (untouched.length === 0 ? keys[0] : undefined)
  // Without a key that stays as it is, a row is known by all that stays as it is; without that, by itself.
  const knownBy = key !== undefined ? 'key' : columns === 'all' || untouched.length === 0 ? 'whole' : 'rest'
  const kept = knownBy === 'whole' ? real : touched
  const { rows, bytes } = sizeOf(
    world,
    widths,
    table,
    kept.length === real.length ? undefined : [...kept, ...(key ?? untouched)],
  )
  return {
    table: { schema: table.schema, name: table.name },
    columns: kept.length === real.length && (columns === 'all' || knownBy === 'whole') ? 'all' : kept,
    knownBy,
    key: knownBy === 'whole' ? real : (key ?? untouched),
    written: [...unsteady],
    rows,
    bytes,
    how: 'copy',
    unit,
    because: table.keys.length === 0 ? `${because}; it has no key` : because,
  }
}

/** Bytes of a column on average, as `analyze` found them, by `schema.table.column`. */
type Widths = ReadonlyMap<string, number>

export async function widthsOf(client: StepClient, tables: readonly Table[]): Promise<Widths> {
  const { rows } = await client.query<{ name: string; width: number }>(
    `select stats.schemaname || '.' || stats.tablename || '.' || stats.attname as name, stats.avg_width as width
       from pg_catalog.pg_stats as stats
      where (stats.schemaname, stats.tablename) in (select * from unnest($1::text[], $2::text[])) and not stats.inherited`,
    [tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  )
  return new Map(rows.map(({ name, width }) => [name, width]))
}

/** @param columns - absent: whole rows */
function sizeOf(
  world: World,
  widths: Widths,
  table: Table,
  columns: readonly string[] | undefined,
): { rows: number; bytes: number } {
  const own = sizeOfOne(widths, table, columns)
  return world.tables
    .filter((each) => each.isPartition && each.parents.includes(table.oid))
    .map((each) => sizeOf(world, widths, each, columns))
    .reduce((sum, each) => ({ rows: sum.rows + each.rows, bytes: sum.bytes + each.bytes }), own)
}

function sizeOfOne(
  widths: Widths,
  table: Table,
  columns: readonly string[] | undefined,
): { rows: number; bytes: number } {
  const { rows, bytes } = table
  const known = (columns ?? []).flatMap((name) => widths.get(`${fullName(table)}.${name}`) ?? [])
  if (columns === undefined || rows === 0 || known.length < columns.length) return { rows, bytes }
  const row = known.reduce((sum, width) => sum + width + 4, rowOverheadBytes)
  return { rows, bytes: Math.min(bytes, rows * row) }
}

// Header of a row and of its key's array, and its number.
const rowOverheadBytes = 72
