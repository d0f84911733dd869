import type { StepClient } from '../migration.ts'
import type { Filled, FillOptions } from './filled.ts'
import { makeValue } from './make-value.ts'
import { randomFrom } from './random.ts'
import { readTables } from './read-tables.ts'
import { type Column, literal, quoted, type Table } from './table.ts'
import { tryStatements } from './try-statements.ts'

/** Far from the values of generated rows, so that it is an alteration. */
const variant = 777_777

/** Alters one row of every table that has any, in a column that no constraint looks at. What the server refuses stays as it is. */
export async function touchRows(
  client: StepClient,
  { seed, ignore }: Pick<FillOptions, 'seed' | 'ignore'>,
): Promise<NonNullable<Filled['touched']>> {
  const { tables, inside } = await readTables(client, ignore)
  const touches = tables.flatMap((table) => {
    const column = table.ignored || !table.used ? undefined : plainColumn(table)
    if (column === undefined) return []
    const random = randomFrom(seed, table.label)
    const value = makeValue(column.type, column.modifier, { variant, tame: true, column: column.name, random })
    const name = quoted(column.name)
    // The first of the heap: an old row. A partition has rows of the same place, so that the partition is named too.
    const sql = `update ${table.sql} set ${name} = ${value === undefined ? 'null' : literal(value)}
      where (tableoid, ctid) = (select tableoid, ctid from ${table.sql} order by tableoid, ctid limit 1)`
    return value === undefined ? [] : [{ table: table.label, column: column.name, sql }]
  })
  if (!inside) await client.query('begin')
  try {
    const statements = touches.map(({ sql }) => sql)
    const outcomes = await tryStatements(client, statements, Number.MAX_SAFE_INTEGER)
    if (!inside) await client.query('commit')
    return touches
      .filter((_, place) => (outcomes[place]?.rows ?? 0) > 0)
      .map(({ table, column }) => ({ table, column }))
  } catch (error) {
    if (!inside) await client.query('rollback').catch(() => {})
    throw error
  }
}

function plainColumn(table: Table): Column | undefined {
  const rules = [...table.uniques, ...table.references, ...table.checks, ...(table.partitions ?? [])]
  const bound = new Set(rules.flatMap(({ columns }) => columns))
  const free = table.columns.filter(
    ({ number, generated, sequence }) => !generated && sequence === undefined && !bound.has(number),
  )
  return free.find(({ type }) => type.category === 'S') ?? free.find(({ type }) => 'ND'.includes(type.category))
}
