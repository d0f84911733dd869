import type { CatalogueObject } from '../catalogue/catalogue.ts'
import { alterColumn } from './column-statements.ts'
import { createStatements } from './create-statement.ts'
import { home, qualified, quote } from './identifiers.ts'
import { listOf, type Pair, type Plan } from './plan-undo.ts'

/** Labels of an enum cannot be taken away: a type of the same name takes its place, and the columns go over to it. */
export function rebuildType(
  { before, after }: Pair,
  plan: Plan,
  done: Set<CatalogueObject>,
  notes: string[],
): readonly string[] {
  const old = `${before.ownName}_before_undo`
  const type = qualified(before)
  const columns = plan.retyped.filter((pair) => pair.before.kind === 'column' && isOfType(pair.before, before))
  for (const column of columns) done.add(column.before)
  const labels = listOf(after.properties.labels).filter((label) => !listOf(before.properties.labels).includes(label))
  if (labels.length > 0)
    notes.push(`Rows that hold ${labels.join(' or ')} as ${before.name} stop the undo: give them another value first.`)
  if (before.properties.form === 'range') {
    // The functions that come with a range keep their names when it is renamed: the old one has to go first.
    const through = (to: string) =>
      columns.map(
        ({ before: { ownName }, before: column }) =>
          `alter table ${home(column)} alter column ${quote(ownName)} type ${to} using ${quote(ownName)}::text::${to}`,
      )
    return [...through('text'), `drop type ${type}`, ...(createStatements(before, plan.was) ?? []), ...through(type)]
  }
  return [
    `alter ${after.kind === 'domain' ? 'domain' : 'type'} ${type} rename to ${quote(old)}`,
    ...(createStatements(before, plan.was) ?? []),
    ...columns.flatMap((pair) => {
      const { before: column } = pair
      const name = quote(column.ownName)
      const alter = `alter table ${home(column)} alter column ${name}`
      return [
        `${alter} type ${column.properties.type} using ${name}::text::${column.properties.type}`,
        ...alterColumn(pair, plan.was, false).statements.filter((text) => !text.includes(' default ')),
        ...(column.properties.default === undefined ? [] : [`${alter} set default ${column.properties.default}`]),
      ]
    }),
    `drop ${after.kind === 'domain' ? 'domain' : 'type'} ${qualified({ ...before, ownName: old })}`,
  ]
}

const isOfType = (column: CatalogueObject, type: CatalogueObject): boolean =>
  String(column.properties.type).replace(/(\[\])+$/, '') === qualified(type)
