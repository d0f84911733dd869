import type { StepClient } from '../migration.ts'
import type { Row } from './rule.ts'
import { literal, quoted, type Table } from './table.ts'

/** More rows than this need not be known: there are enough to refer to, and new keys are far from theirs. */
const mostRows = 300

/** What is in the tables, as far as keys need it; planned rows are added, and taken back when the server refuses them. */
export type KnownRows = {
  readonly of: (oid: number) => Row[]
  /** Reads these tables anew. */
  readonly load: (client: StepClient, tables: readonly Table[]) => Promise<void>
}

export function knownRows(all: readonly Table[]): KnownRows {
  const rows = new Map<number, Row[]>()
  const needed = neededColumns(all)
  const of = (oid: number): Row[] => {
    const known = rows.get(oid) ?? []
    rows.set(oid, known)
    return known
  }
  return {
    of,
    async load(client, tables) {
      const parts = tables.flatMap((table) => {
        const columns = table.columns.filter(({ number }) => needed.get(table.oid)?.has(number))
        const texts = columns.map(({ name }) => `${quoted(name)}::text`).join(', ')
        return columns.length === 0
          ? []
          : [
              `select ${table.oid}::int8 as oid, ${literal(columns.map(({ number }) => number).join(','))} as numbers,
                      (select pg_catalog.json_agg(pg_catalog.json_build_array(${texts}))
                         from (select * from ${table.sql} limit ${mostRows}) as found) as rows`,
            ]
      })
      for (const { oid } of tables) of(oid).length = 0
      if (parts.length === 0) return
      const { rows: found } = await client.query<FoundRows>(parts.join(' union all '))
      for (const { oid, numbers, rows: texts } of found) {
        const columns = numbers.split(',').map(Number)
        for (const row of texts ?? []) {
          of(Number(oid)).push(new Map(columns.map((number, place) => [number, row[place] ?? null])))
        }
      }
    },
  }
}

type FoundRows = {
  readonly oid: bigint | string
  readonly numbers: string
  readonly rows: readonly (readonly (string | null)[])[] | null
}

function neededColumns(tables: readonly Table[]): ReadonlyMap<number, ReadonlySet<number>> {
  const needed = new Map(tables.map(({ oid, uniques }) => [oid, new Set(uniques.flatMap(({ columns }) => columns))]))
  for (const { to, toColumns } of tables.flatMap(({ references }) => references)) {
    for (const number of toColumns) needed.get(to)?.add(number)
  }
  return needed
}
