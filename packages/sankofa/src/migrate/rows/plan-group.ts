import type { KnownRows } from './known-rows.ts'
import type { PlanOptions } from './plan-options.ts'
import { type Planned, planRows } from './plan-rows.ts'
import type { Row } from './rule.ts'
import type { Table } from './table.ts'

export type GroupPlan = readonly ({ readonly table: Table } & Planned)[]

/** Plans the tables of one group, and lets the others know of their rows. */
export function planGroup(group: readonly Table[], known: KnownRows, options: Omit<PlanOptions, 'known'>): GroupPlan {
  const all: PlanOptions = { ...options, known: known.of }
  if (group.length === 1) return group.map((table) => remember(known, table, planRows(table, all)))
  // In a circle somebody has to begin: keys of tables that are not planned yet get a stand-in, and are mended at the end.
  const waiting = new Set(group.map(({ oid }) => oid))
  const begun = group.map((table) => {
    waiting.delete(table.oid)
    const later = new Set(table.references.filter(({ to }) => waiting.has(to)))
    return { ...remember(known, table, planRows(table, { ...all, later })), later }
  })
  return begun.map((plan) => {
    const { table, rows, later } = plan
    if (later.size === 0) return plan
    forget(known, table, rows)
    return remember(known, table, planRows(table, { ...all, rows: rows.length, begun: rows }))
  })
}

function remember(known: KnownRows, table: Table, planned: Planned): { readonly table: Table } & Planned {
  known.of(table.oid).push(...planned.rows)
  return { table, ...planned }
}

/** The server did not take them. */
export function forget(known: KnownRows, table: Table, rows: readonly Row[]): void {
  const gone = new Set(rows)
  const kept = known.of(table.oid).filter((row) => !gone.has(row))
  known.of(table.oid).splice(0, Number.POSITIVE_INFINITY, ...kept)
}
