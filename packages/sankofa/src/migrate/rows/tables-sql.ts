import { notHidden } from '../sql/hidden-name.ts'

/**
 * Reads all that decides which rows a table takes, as one JSON value. Runs as any role, on PostgreSQL >= 15. It looks at the
 * catalogue alone, so it is as fast on full tables as on empty ones.
 */
export const tablesSql = `
with tab as materialized (
  select c.oid, n.nspname, c.relname, c.relkind
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p')
     and not c.relispartition
     and c.relpersistence <> 't'
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     and not exists (
       select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
), att as materialized (
  select a.* from pg_catalog.pg_attribute as a join tab on tab.oid = a.attrelid
   where a.attnum > 0 and not a.attisdropped and ${notHidden('a.attname')}
), used(oid) as (
  with recursive used(oid) as (
    select distinct att.atttypid from att
    union
    select part.oid
      from used
      join pg_catalog.pg_type as t on t.oid = used.oid
      left join pg_catalog.pg_range as r on t.typtype in ('r', 'm') and (r.rngtypid = t.oid or r.rngmultitypid = t.oid)
     cross join lateral (
       select t.typelem as oid where t.typelem <> 0 and t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
       union all select t.typbasetype where t.typbasetype <> 0
       union all select r.rngsubtype where r.rngsubtype is not null
       union all select a.atttypid from pg_catalog.pg_attribute as a
                  where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) as part
  ) select used.oid from used
), seq as (
  select d.refobjid as tableid, d.refobjsubid::int as columnnum, d.objid as seqid
    from pg_catalog.pg_depend as d join tab on tab.oid = d.refobjid
   where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
     and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype = 'i' and d.refobjsubid > 0
  union
  select ad.adrelid, ad.adnum::int, d.refobjid
    from pg_catalog.pg_attrdef as ad
    join tab on tab.oid = ad.adrelid
    join pg_catalog.pg_depend as d on d.objid = ad.oid
   where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
     and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
)
select pg_catalog.json_build_object(
  'tables', (select pg_catalog.json_agg(found) from (
    select tab.oid::pg_catalog.int8 as oid, tab.nspname as schema, tab.relname as name, tab.relkind = 'p' as partitioned,
           case when tab.relkind = 'r' then pg_catalog.pg_relation_size(tab.oid) > 0
                else exists (select from pg_catalog.pg_partition_tree(tab.oid) as t
                              where t.isleaf and pg_catalog.pg_relation_size(t.relid) > 0) end as used
      from tab
     order by tab.nspname, tab.relname) as found),
  'columns', (select pg_catalog.json_agg(found) from (
    select att.attrelid::pg_catalog.int8 as table, att.attnum as number, att.attname as name,
           att.atttypid::pg_catalog.int8 as type, att.atttypmod as modifier, att.attnotnull as "notNull",
           att.atthasdef or att.attidentity <> '' as "hasDefault", att.attgenerated <> '' as generated
      from att
     order by att.attrelid, att.attnum) as found),
  'constraints', (select pg_catalog.json_agg(found) from (
    select c.conrelid::pg_catalog.int8 as table, c.conname as name, c.contype as kind, c.conkey as columns,
           c.confrelid::pg_catalog.int8 as to, c.confkey as "toColumns", c.confmatchtype = 'f' as full,
           case when c.contype = 'c' then pg_catalog.pg_get_expr(c.conbin, c.conrelid) end as text
      from pg_catalog.pg_constraint as c join tab on tab.oid = c.conrelid
     where c.contype in ('c', 'f') and c.conparentid = 0
     order by c.conrelid, c.conname) as found),
  'uniques', (select pg_catalog.json_agg(found) from (
    select i.indrelid::pg_catalog.int8 as table, k.relname as name, i.indisprimary as primary,
           (i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1] as columns,
           pg_catalog.pg_get_expr(i.indexprs, i.indrelid) as expressions,
           pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate,
           not i.indnullsnotdistinct as "nullsDistinct",
           case when i.indisexclusion then (
             select pg_catalog.array_agg(o.oprname order by x.place)
               from pg_catalog.pg_constraint as c
              cross join lateral pg_catalog.unnest(c.conexclop) with ordinality as x(op, place)
               join pg_catalog.pg_operator as o on o.oid = x.op
              where c.conindid = i.indexrelid and c.contype = 'x') end as operators
      from pg_catalog.pg_index as i
      join tab on tab.oid = i.indrelid
      join pg_catalog.pg_class as k on k.oid = i.indexrelid
     where i.indisunique or i.indisexclusion
     order by i.indrelid, k.relname) as found),
  'types', (select pg_catalog.json_agg(found) from (
    select t.oid::pg_catalog.int8 as oid, n.nspname as schema, t.typname as name, t.typtype as kind, t.typcategory as category,
           case t.typtype when 'd' then t.typbasetype when 'b' then t.typelem
                when 'r' then r.rngsubtype when 'm' then r.rngsubtype end::pg_catalog.int8 as of,
           t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc and t.typcategory = 'A' as array,
           t.typtypmod as modifier, t.typnotnull as "notNull",
           case when t.typtype = 'e' then (select pg_catalog.array_agg(e.enumlabel order by e.enumsortorder)
             from pg_catalog.pg_enum as e where e.enumtypid = t.oid) end as labels,
           case when t.typtype = 'd' then (select pg_catalog.json_agg(pg_catalog.json_build_object(
                    'name', c.conname, 'text', pg_catalog.pg_get_expr(c.conbin, 0)) order by c.conname)
             from pg_catalog.pg_constraint as c where c.contypid = t.oid and c.contype = 'c') end as checks,
           case when t.typtype = 'c' then (select pg_catalog.json_agg(pg_catalog.json_build_object(
                    'type', a.atttypid::pg_catalog.int8, 'modifier', a.atttypmod) order by a.attnum)
             from pg_catalog.pg_attribute as a
            where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end as fields
      from pg_catalog.unnest(array(select used.oid from used)) as part(oid)
      join pg_catalog.pg_type as t on t.oid = part.oid
      join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
      left join pg_catalog.pg_range as r on t.typtype in ('r', 'm') and (r.rngtypid = t.oid or r.rngmultitypid = t.oid)) as found),
  'sequences', (select pg_catalog.json_agg(found) from (
    select seq.tableid::pg_catalog.int8 as table, seq.columnnum as column,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name,
           s.seqincrement as step,
           case when pg_catalog.has_sequence_privilege(c.oid, 'usage, select')
                then coalesce(pg_catalog.pg_sequence_last_value(c.oid) + s.seqincrement, s.seqstart)
                else s.seqstart end as next
      from seq
      join pg_catalog.pg_sequence as s on s.seqrelid = seq.seqid
      join pg_catalog.pg_class as c on c.oid = s.seqrelid
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
     order by seq.tableid, seq.columnnum, c.oid) as found),
  'partitions', (select pg_catalog.json_agg(found) from (
    select tab.oid::pg_catalog.int8 as table, t.relid::pg_catalog.regclass::text as name,
           pg_catalog.pg_get_partition_constraintdef(t.relid) as text
      from tab cross join lateral pg_catalog.pg_partition_tree(tab.oid) as t
     where tab.relkind = 'p' and t.isleaf and t.relid <> tab.oid
     order by tab.oid, t.relid::pg_catalog.regclass::text) as found),
  'inside', pg_catalog.statement_timestamp() <> pg_catalog.transaction_timestamp()
) as found`
