import type { Table } from './table.ts'

/**
 * Parents before children. Tables that refer to one another in a circle come together, and their rows have to be written by
 * one statement. (Tarjan's strongly connected components, which come out in this order.)
 */
export function inOrder(tables: readonly Table[]): readonly (readonly Table[])[] {
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const groups: (readonly Table[])[] = []
  const index = new Map<Table, number>()
  const lowest = new Map<Table, number>()
  const stack: Table[] = []
  const visit = (table: Table): number => {
    const own = index.size
    index.set(table, own)
    let low = own
    stack.push(table)
    for (const { to } of table.references) {
      const parent = byOid.get(to)
      if (parent === undefined || parent === table) continue
      if (!index.has(parent)) low = Math.min(low, visit(parent))
      else if (stack.includes(parent)) low = Math.min(low, lowest.get(parent) ?? own, index.get(parent) ?? own)
      lowest.set(table, low)
    }
    lowest.set(table, low)
    if (low === own) groups.push(stack.splice(stack.indexOf(table)))
    return low
  }
  for (const table of tables) if (!index.has(table)) visit(table)
  return groups
}
