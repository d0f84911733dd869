import { type Node, parseSync } from 'libpg-query'
import type { StepClient } from '../migration.ts'
import type { Table } from './world.ts'

/**
 * Columns whose values, as the undo makes them, are another each time: from a sequence, from chance, from the clock.
 * They say nothing of what was written.
 */
export async function chanceColumns(
  client: StepClient,
  table: Table,
  columns: readonly string[],
): Promise<ReadonlySet<string>> {
  if (columns.length === 0) return new Set()
  const { rows } = await client.query<{ name: string; identity: boolean; initial: string | null }>(
    `select attribute.attname as name, attribute.attidentity <> '' as identity,
            pg_catalog.pg_get_expr(initial.adbin, initial.adrelid) as initial
       from pg_catalog.pg_attribute as attribute
       left join pg_catalog.pg_attrdef as initial on initial.adrelid = attribute.attrelid and initial.adnum = attribute.attnum
      where attribute.attrelid = $1::oid and attribute.attname = any ($2::text[])`,
    [table.oid, columns],
  )
  const functions = new Map(rows.map(({ name, initial }) => [name, initial === null ? [] : functionsIn(initial)]))
  const volatile = await client.query<{ name: string }>(
    `select distinct function.proname as name from pg_catalog.pg_proc as function
      where function.proname = any ($1::text[]) and (function.provolatile = 'v' or function.proname = 'statement_timestamp')`,
    [[...functions.values()].flat()],
  )
  const names = new Set(volatile.rows.map(({ name }) => name))
  return new Set(
    rows
      .filter(({ name, identity }) => identity || functions.get(name)?.some((each) => names.has(each)))
      .map(({ name }) => name),
  )
}

function functionsIn(expression: string): readonly string[] {
  const names: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const call = (value as { readonly FuncCall?: { readonly funcname?: readonly Node[] } }).FuncCall
    const last = call?.funcname?.at(-1)
    if (last !== undefined && 'String' in last) names.push(last.String.sval ?? '')
    for (const each of Object.values(value)) walk(each)
  }
  walk(parseSync(`select ${expression}`))
  return names
}
