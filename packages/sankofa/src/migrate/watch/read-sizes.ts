import type { StepClient } from '../migration.ts'
import type { TableSize } from './predict-blocking.ts'

/** How large the tables of a database are, by `schema.table`, as its statistics have it: no table is read. */
export async function readSizes(client: StepClient): Promise<ReadonlyMap<string, TableSize>> {
  const { rows } = await client.query<{ table: string; rows: number; bytes: number }>(`
    select namespace.nspname || '.' || class.relname as table, greatest(class.reltuples, 0)::float8 as rows,
           pg_catalog.pg_table_size(class.oid)::float8 as bytes
      from pg_catalog.pg_class as class
      join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
     where class.relkind in ('r', 'm') and namespace.nspname not in ('pg_catalog', 'information_schema', 'sankofa', 'sankofa_stash')`)
  return new Map(rows.map(({ table, rows: count, bytes }) => [table, { rows: count, bytes }]))
}
