import pg from 'pg'
import type { StepClient } from '../migration.ts'
import type { RowComparison, RowDifference } from '../rows/row-image.ts'

/** A sequence that numbers a column, counting upwards. */
type Numbering = {
  readonly schema: string
  readonly sequence: string
  readonly tableSchema: string
  readonly table: string
  readonly column: string
}
type Position = Numbering & { readonly next: string; readonly highest: string | null }

const quoted = (schema: string, name: string): string => `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`

/** Brings every sequence past the rows that generated values gave numbers to, as it is where rows were numbered by it. */
export async function settleSequences(client: StepClient, ignore: readonly string[]): Promise<void> {
  const sql = (await readNumberings(client, ignore)).map(
    ({ schema, sequence, tableSchema, table, column }) =>
      `select pg_catalog.setval(${pg.escapeLiteral(quoted(schema, sequence))}, highest.n)
         from (select max(${pg.escapeIdentifier(column)}) as n from ${quoted(tableSchema, table)}) as highest
        where highest.n > 0 and highest.n >= (select last_value from ${quoted(schema, sequence)})`,
  )
  if (sql.length > 0) await client.query(sql.join(';\n'))
}

/**
 * Adds to a comparison what it cannot see: a sequence that begins again below numbers that are taken, so that the next
 * insert fails.
 */
export async function withSequences(
  client: StepClient,
  comparison: RowComparison,
  ignore: readonly string[],
): Promise<RowComparison> {
  const numberings = await readNumberings(client, ignore)
  if (numberings.length === 0) return comparison
  const { rows } = await client.query<Position>(numberings.map(positionOf).join(' union all '))
  const behind = rows.flatMap(
    ({ schema, sequence, tableSchema, table, column, next, highest }): readonly RowDifference[] => {
      if (highest === null || BigInt(next) > BigInt(highest)) return []
      const name = `${tableSchema}.${table}`
      const text = `The next number of ${schema}.${sequence} is ${next}, and ${name}.${column} has ${highest} already: the next insert fails.`
      return [{ table: name, column, kind: 'values changed', rows: 1, text }]
    },
  )
  const differences = [...comparison.differences, ...behind]
  return { ...comparison, differences, same: comparison.same && behind.length === 0 }
}

const positionOf = ({ schema, sequence, tableSchema, table, column }: Numbering): string =>
  `select ${pg.escapeLiteral(schema)} as schema, ${pg.escapeLiteral(sequence)} as sequence,
          ${pg.escapeLiteral(tableSchema)} as "tableSchema", ${pg.escapeLiteral(table)} as table, ${pg.escapeLiteral(column)} as column,
          (select (last_value + case when is_called then 1 else 0 end)::text from ${quoted(schema, sequence)}) as next,
          (select max(${pg.escapeIdentifier(column)})::text from ${quoted(tableSchema, table)}) as highest`

async function readNumberings(client: StepClient, ignore: readonly string[]): Promise<readonly Numbering[]> {
  const { rows } = await client.query<Numbering>(
    `select sequence_space.nspname as schema, sequence.relname as sequence,
            table_space.nspname as "tableSchema", owner.relname as table, attribute.attname as column
       from pg_catalog.pg_depend as depend
       join pg_catalog.pg_class as sequence on sequence.oid = depend.objid and sequence.relkind = 'S'
       join pg_catalog.pg_namespace as sequence_space on sequence_space.oid = sequence.relnamespace
       join pg_catalog.pg_sequence as rule on rule.seqrelid = sequence.oid and rule.seqincrement > 0 and not rule.seqcycle
       join pg_catalog.pg_class as owner on owner.oid = depend.refobjid and owner.relkind in ('r', 'p')
       join pg_catalog.pg_namespace as table_space on table_space.oid = owner.relnamespace
       join pg_catalog.pg_attribute as attribute on attribute.attrelid = owner.oid and attribute.attnum = depend.refobjsubid
      where depend.classid = 'pg_catalog.pg_class'::regclass and depend.refclassid = 'pg_catalog.pg_class'::regclass
        and depend.deptype in ('a', 'i') and attribute.atttypid in (20, 21, 23)
        and not table_space.nspname = any ($1::text[])
        and not table_space.nspname || '.' || owner.relname = any ($1::text[])`,
    [[...ignore]],
  )
  return rows
}
