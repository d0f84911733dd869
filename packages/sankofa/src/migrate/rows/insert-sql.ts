import type { Row } from './rule.ts'
import { literal, quoted, type Table } from './table.ts'

/** One statement for all rows. Untyped literals take the type of their column, so that no cast is needed. */
export function insertSql(table: Table, rows: readonly Row[]): string {
  const columns = table.columns.filter((column) => !column.generated && rows.some((row) => row.has(column.number)))
  // Nothing to say of any column: "default values" would be one row only.
  if (columns.length === 0) return `insert into ${table.sql} select from pg_catalog.generate_series(1, ${rows.length})`
  const values = rows.map((row) => `(${columns.map(({ number }) => valueSql(row.get(number))).join(', ')})`)
  const names = columns.map(({ name }) => quoted(name)).join(', ')
  return `insert into ${table.sql} (${names}) overriding system value values ${values.join(',\n')}`
}

const valueSql = (value: string | null | undefined): string =>
  value === undefined ? 'default' : value === null ? 'null' : literal(value)

/** Tables that refer to one another: their foreign keys are looked at when the whole statement has run. */
export function insertTogetherSql(tables: readonly { readonly table: Table; readonly rows: readonly Row[] }[]): string {
  const parts = tables.map(({ table, rows }, place) => `part${place} as (${insertSql(table, rows)} returning 1)`)
  const counts = tables.map((_, place) => `(select pg_catalog.count(*)::int4 from part${place}) as "${place}"`)
  return `with ${parts.join(', ')} select ${counts.join(', ')}`
}

/** What handed out the numbers that these rows have must not hand them out again. */
export function sequencesSql(table: Table, rows: readonly Row[]): readonly string[] {
  return table.columns.flatMap(({ number, sequence }) => {
    if (sequence === undefined) return []
    const taken = rows.flatMap((row) => (/^-?\d+$/.test(row.get(number) ?? '') ? [Number(row.get(number))] : []))
    const last = sequence.step > 0 ? Math.max(...taken) : Math.min(...taken)
    return taken.length === 0 ? [] : [`select pg_catalog.setval(${literal(sequence.name)}, ${last}, true)`]
  })
}
