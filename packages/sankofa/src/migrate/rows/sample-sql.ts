import type { StepClient } from '../migration.ts'
import type { Row } from './rule.ts'
import { type Column, literal, quoted, type Table } from './table.ts'

/** What has been read of one table. */
export type Sample = {
  readonly table: Table
  readonly columns: readonly Column[]
  readonly rows: Row[]
  /** Keys that were asked for, by the columns asked by: those that are not among the rows do not exist. */
  readonly keys: Map<string, Set<string>>
  /** Of the whole sample: it is held in memory. */
  readonly size: { bytes: number }
}

/** Below this estimate a whole table is looked at for its sample. */
const smallTable = 20_000

/** Rows spread over the table; in a large one, from a few of its blocks. The same table gives the same rows as long as it is small. */
export async function readSeeds(client: StepClient, sample: Sample, count: number): Promise<void> {
  const { table, columns } = sample
  if (columns.length === 0) return
  const { rows } = await client.query<{ readonly estimate: number }>(
    // A table that was never analysed says -1: then its size tells, at a hundred bytes a row.
    `select coalesce(pg_catalog.sum(case when c.reltuples < 0 then pg_catalog.pg_relation_size(c.oid) / 100.0
                                         else c.reltuples end), 0)::float8 as estimate
       from pg_catalog.pg_class as c
      where c.oid = ${table.oid}::pg_catalog.oid and c.relkind = 'r'
         or c.oid in (select t.relid from pg_catalog.pg_partition_tree(${table.oid}::pg_catalog.oid::pg_catalog.regclass) as t
                       where t.isleaf)`,
  )
  const estimate = rows[0]?.estimate ?? 0
  if (estimate > smallTable) {
    // Ten times what is needed: blocks are of different fullness.
    const percent = Math.min(100, Math.max((count * 1_000) / estimate, 1e-4))
    await read(client, sample, `tablesample system (${percent.toFixed(6)}) limit ${count}`)
    if (sample.rows.length >= count) return
    await read(client, sample, `limit ${count - sample.rows.length}`)
    return
  }
  await read(client, sample, `order by pg_catalog.hashtextextended("sankofa row"::text collate "C", 0) limit ${count}`)
}

/** Rows that have one of these keys. */
export async function readKeys(
  client: StepClient,
  sample: Sample,
  columns: readonly number[],
  keys: readonly (readonly string[])[],
): Promise<void> {
  const own = columns.map((number) => sample.table.columns.find((column) => column.number === number))
  const names = own.map((column) => `"sankofa row".${quoted(column?.name ?? '')}`).join(', ')
  const lists = keys.map((key) => `(${key.map(literal).join(', ')})`).join(', ')
  await read(client, sample, `where (${names}) in (${lists})`)
}

async function read(client: StepClient, { table, columns, rows, size }: Sample, rest: string): Promise<void> {
  const texts = columns.map(({ name }) => `"sankofa row".${quoted(name)}::text`).join(', ')
  const found = await client.query<{ readonly row: readonly (string | null)[] }>(
    `select pg_catalog.json_build_array(${texts}) as row from ${table.sql} as "sankofa row" ${rest}`,
  )
  const known = new Set(rows.map((row) => JSON.stringify([...row.values()])))
  for (const { row } of found.rows) {
    const made: Row = new Map(columns.map(({ number }, place) => [number, row[place] ?? null]))
    const key = JSON.stringify([...made.values()])
    // A row without a key may be there twice, but one of them is enough for a sample.
    if (known.has(key)) continue
    known.add(key)
    rows.push(made)
    size.bytes += key.length
  }
}
