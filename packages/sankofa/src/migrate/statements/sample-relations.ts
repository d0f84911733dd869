import type pg from 'pg'
import { literal, quoted } from '../rows/table.ts'
import type { Relation } from './relations.ts'

/** Some rows of a table or view: of each its columns as text, in the order of `relation.columns`. */
export type Samples = ReadonlyMap<Relation, readonly (readonly (string | null)[])[]>

const rowsAtMost = 4

/** Tables in one round trip; views each by itself, because one that fails must not hide the others. */
export async function sampleRelations(client: pg.ClientBase, relations: readonly Relation[]): Promise<Samples> {
  const samples = new Map<Relation, (readonly (string | null)[])[]>()
  const read = async (some: readonly Relation[]): Promise<void> => {
    if (some.length === 0) return
    const parts = some.map((relation, index) => {
      const columns = relation.columns.map((column) => `sampled.${quoted(column.name)}::text`).join(', ')
      return `select ${index} as relation, array[${columns}]::text[] as row
                from (select * from ${quoted(relation.schema)}.${quoted(relation.name)} limit ${rowsAtMost}) as sampled`
    })
    const { rows } = await client.query<{ relation: number; row: (string | null)[] }>(parts.join(' union all '))
    for (const { relation: index, row } of rows) {
      const relation = some[index]
      if (relation !== undefined) samples.set(relation, [...(samples.get(relation) ?? []), row])
    }
  }
  await read(relations.filter(({ kind }) => kind === 'r' || kind === 'p'))
  for (const view of relations.filter(({ kind }) => kind === 'v' || kind === 'm')) {
    await client.query('savepoint sample')
    await read([view]).catch(() => client.query('rollback to savepoint sample'))
    await client.query('release savepoint sample')
  }
  return samples
}

/**
 * An INSERT that takes its number from a sequence would meet the rows of the shadow, which were written with theirs. What
 * this sets outlives a rollback.
 */
export function advanceSequencesSql(relation: Relation): string {
  const table = `${quoted(relation.schema)}.${quoted(relation.name)}`
  const advances = relation.columns
    .filter(({ base }) => base === 'int2' || base === 'int4' || base === 'int8')
    .map(({ name }) => {
      const sequence = `pg_get_serial_sequence(${literal(table)}, ${literal(name)})`
      return `setval(${sequence}, (select greatest(max(${quoted(name)}), 0) + 1 from ${table}))`
    })
  return `select ${advances.length === 0 ? '1' : advances.join(', ')}`
}
