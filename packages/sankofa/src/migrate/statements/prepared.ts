import type pg from 'pg'
import type { RecordedStatement } from '../../observe/index.ts'

/** What PostgreSQL found a parameter to be. */
export type ParameterType = {
  /** Such as `uuid` or `integer[]`. */
  readonly type: string
  /** `pg_type.typcategory`. */
  readonly category: string
  /** Of an enum, or of the elements of an array of one. */
  readonly labels: readonly string[] | null
  readonly element: string | null
  readonly elementCategory: string | null
}

/** Types as the release sends them: PostgreSQL decides, except where a literal in the text decided. */
export function prepareSql(name: string, { text, parameterTypes = [] }: RecordedStatement): string {
  const types = parameterTypes.map((kinds) => {
    const literal = /^(\w+) literal$/.exec(kinds)?.[1]
    return literal === undefined ? 'unknown' : literal
  })
  return `prepare ${name}${types.length === 0 ? '' : ` (${types.join(', ')})`} as ${text}`
}

const typesSql = `
select prepared.name,
       (select json_agg(json_build_object(
                 'type', format_type(type.oid, null), 'category', type.typcategory,
                 'element', format_type(element.oid, null), 'elementCategory', element.typcategory,
                 'labels', (select json_agg(label.enumlabel order by label.enumsortorder)
                              from pg_enum as label where label.enumtypid in (type.oid, element.oid)))
               order by parameter.position)
          from unnest(prepared.parameter_types) with ordinality as parameter (type, position)
          join pg_type as type on type.oid = parameter.type
          left join pg_type as element on element.oid = type.typelem and type.typcategory = 'A') as types
  from pg_prepared_statements as prepared
 where prepared.name = any ($1::text[])`

export async function readParameterTypes(
  client: pg.ClientBase,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly ParameterType[]>> {
  const { rows } = await client.query<{ name: string; types: readonly ParameterType[] | null }>(typesSql, [names])
  return new Map(rows.map(({ name, types }) => [name, types ?? []]))
}
