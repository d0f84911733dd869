import { literal, quoted } from './table.ts'
import { type Setting, underSettings, withoutJit } from './under-settings.ts'

/** Text forms must not depend on who asks. */
const settings: readonly Setting[] = [
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['lc_monetary', 'C'],
  // Where policies apply to the owner too, an error is better than rows that are not seen.
  ['row_security', 'off'],
  withoutJit,
]

/** What a row takes in a page at least, be it without columns. */
const leastRowBytes = 28

/**
 * One message for all tables: what is known of them, one result row each, and then their rows. The first statement leaves
 * the text of the second behind, which a block opens as a cursor. A row travels as PostgreSQL's own text of the whole row,
 * and a limit is set only where a table may have more: lists of casts, sub-selects and limits take longer to plan than to run.
 */
export const listsSql = (ignore: readonly string[], mostRows: number): string =>
  underSettings(settings, [
    "select pg_catalog.set_config('sankofa.image', '', true)",
    tablesFor(ignore, mostRows),
    `do ${literal(block)}`,
    'fetch all from sankofa_image',
    'close sankofa_image',
  ])

const block = `
declare
  sankofa_image refcursor := 'sankofa_image';
begin
  open sankofa_image for execute coalesce(
    nullif(pg_catalog.current_setting('sankofa.image'), ''), 'select null as tab where false');
end`

const tablesFor = (ignore: readonly string[], mostRows: number): string => `
with tab as materialized (
  select c.oid, n.nspname || '.' || c.relname as label, c.relkind, pg_catalog.pg_relation_size(c.oid) as bytes,
         case c.relkind when 'r' then 'only ' else '' end
         || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as source
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     and n.nspname <> all (array[${ignore.map(literal).join(', ')}]::text[])
     and n.nspname || '.' || c.relname <> all (array[${ignore.map(literal).join(', ')}]::text[])
     and not exists (
       select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
), cols as (
  select a.attrelid, pg_catalog.json_agg(a.attname order by a.attnum) as names,
         pg_catalog.json_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) order by a.attnum) as types
    from pg_catalog.pg_attribute as a join tab on tab.oid = a.attrelid
   where a.attnum > 0 and not a.attisdropped
   group by a.attrelid
), keys as (
  select i.indrelid, pg_catalog.json_agg(a.attname order by x.place) as names
    from tab
    join pg_catalog.pg_index as i on i.indrelid = tab.oid and i.indisprimary
   cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[]) with ordinality as x(number, place)
    join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = x.number
   where x.place <= i.indnkeyatts
   group by i.indrelid
)
select tab.oid::pg_catalog.int8::text as tab, tab.label, tab.source, keys.names as key, cols.names, cols.types,
       (select pg_catalog.set_config('sankofa.image', pg_catalog.string_agg(pg_catalog.format(
          case when tab.relkind = 'r' and tab.bytes <= ${mostRows * leastRowBytes}
               then 'select ''%s'' as tab, "sankofa row"::text as row from %s as "sankofa row"'
               else 'select ''%s'' as tab, "sankofa row"::text as row from (select * from %s limit ${mostRows + 1}) as "sankofa row"' end,
          tab.oid, tab.source), ' union all '), true) is null
          from tab where tab.relkind = 'p' or tab.bytes > 0) as unread
  from tab
  left join cols on cols.attrelid = tab.oid
  left join keys on keys.indrelid = tab.oid`

/** Hashes of the values of each column as a multiset: the sum of the hashes is the same in any order. */
export function hashesSql(
  tables: readonly { readonly source: string; readonly names: readonly string[] | null }[],
): string {
  const parts = tables.map(({ source, names }) => {
    const hashes = (names ?? []).map((name) => {
      const text = `"sankofa row".${quoted(name)}::text`
      return `pg_catalog.json_build_array(coalesce(pg_catalog.sum(pg_catalog.hashtextextended(${text} collate "C", 0)), 0)::text,
                pg_catalog.count(*) - pg_catalog.count(${text}))`
    })
    return `select ${literal(source)} as source, pg_catalog.count(*)::text as rows,
                   pg_catalog.json_build_array(${hashes.join(', ')}) as hashes from ${source} as "sankofa row"`
  })
  return underSettings(settings, [parts.join(' union all ')])
}
