import { literal, quoted } from './table.ts'

/** Text forms must not depend on who asks. */
const settings: readonly (readonly [string, string])[] = [
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['lc_monetary', 'C'],
  // Where policies apply to the owner too, an error is better than rows that are not seen.
  ['row_security', 'off'],
]

/** Sends statements under fixed settings, which are put back: a caller's transaction may go on. */
export function underSettings(statements: readonly string[]): string {
  const each = (call: (name: string, value: string) => string): string =>
    `select ${settings.map(([name, value]) => call(name, literal(value))).join(', ')}`
  const set = (name: string, value: string): string => `pg_catalog.set_config('${name}', ${value}, true)`
  const current = (name: string): string => `pg_catalog.current_setting('${name}')`
  return [
    each((name) => set(`sankofa.kept_${name}`, current(name))),
    each((name, value) => set(name, value)),
    ...statements,
    each((name) => set(name, current(`sankofa.kept_${name}`))),
  ].join(';\n')
}

/**
 * One message for all tables: a block builds one query from the catalogue and opens it as a cursor, and what it finds is
 * fetched. A row travels as PostgreSQL's own text of the whole row: a list of casts, one a column, takes longer to plan
 * than to run.
 */
export const listsSql = (ignore: readonly string[], mostRows: number): string =>
  underSettings([`do ${literal(block(ignore, mostRows))}`, 'fetch all from sankofa_image', 'close sankofa_image'])

const block = (ignore: readonly string[], mostRows: number): string => `
declare
  sankofa_image refcursor := 'sankofa_image';
  query text;
begin
  select pg_catalog.string_agg(pg_catalog.format(
      'select %L as label, %L as source, %L::json as key, %L::json as columns, '
      || '(select pg_catalog.json_agg("sankofa row"::text) from (select * from %s limit ${mostRows + 1}) as "sankofa row") as list',
      n.nspname || '.' || c.relname, source.sql, k.key, columns.list, source.sql), ' union all ')
    into query
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
   cross join lateral (
     select case c.relkind when 'r' then 'only ' else '' end
            || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as sql) as source
   cross join lateral (
     select pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
              'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum) as list
       from pg_catalog.pg_attribute as a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    left join lateral (
     select pg_catalog.json_agg(a.attname order by x.place) as key
       from pg_catalog.pg_index as i
      cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality as x(number, place)
       join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum = x.number
      where i.indrelid = c.oid and i.indisprimary and x.place <= i.indnkeyatts) as k on true
   where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     and n.nspname <> all (array[${ignore.map(literal).join(', ')}]::text[])
     and n.nspname || '.' || c.relname <> all (array[${ignore.map(literal).join(', ')}]::text[])
     and not exists (
       select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e');
  open sankofa_image for execute coalesce(query, 'select null as label where false');
end`

/** Hashes of the values of each column as a multiset: the sum of the hashes is the same in any order. */
export function hashesSql(tables: readonly { readonly source: string; readonly columns: readonly string[] }[]): string {
  const parts = tables.map(({ source, columns }) => {
    const hashes = columns.map((name) => {
      const text = `"sankofa row".${quoted(name)}::text`
      return `pg_catalog.json_build_array(coalesce(pg_catalog.sum(pg_catalog.hashtextextended(${text} collate "C", 0)), 0)::text,
                pg_catalog.count(*) - pg_catalog.count(${text}))`
    })
    return `select ${literal(source)} as source, pg_catalog.count(*)::text as rows,
                   pg_catalog.json_build_array(${hashes.join(', ')}) as hashes from ${source} as "sankofa row"`
  })
  return underSettings([parts.join(' union all ')])
}
