import { ofNoExtension, privileges, theirs } from './scope.ts'

/** Enums, composites, ranges, domains, base types; not the row types, arrays and multiranges that come with others. */
export const types = `
select case sort.typtype when 'd' then 'domain' else 'type' end as kind, 'pg_type' as catalogue, sort.oid::int8 as oid,
       space.nspname as schema, sort.typname as own_name,
       pg_get_userbyid(sort.typowner) as owner,
       ${privileges('sort.typacl', 'T', 'sort.typowner')} as privileges,
       case sort.typtype when 'e' then 'enum' when 'c' then 'composite' when 'r' then 'range' when 'b' then 'base'
         when 'p' then 'shell' end as form,
       case when sort.typtype = 'e' then
         (select coalesce(json_agg(label.enumlabel order by label.enumsortorder), '[]') from pg_enum as label
           where label.enumtypid = sort.oid) end as labels,
       case when sort.typtype = 'c' then
         (select coalesce(json_agg(json_build_object('name', field.attname, 'type', format_type(field.atttypid, field.atttypmod),
                   'collation', case when field.attcollation <> kind_of.typcollation then field.attcollation::regcollation::text end)
                   order by field.attnum), '[]')
            from pg_attribute as field join pg_type as kind_of on kind_of.oid = field.atttypid
           where field.attrelid = sort.typrelid and field.attnum > 0 and not field.attisdropped) end as attributes,
       (select json_build_object('subtype', format_type(range.rngsubtype, null),
                 'subtype_opclass', (select quote_ident(home.nspname) || '.' || quote_ident(class.opcname)
                    from pg_opclass as class join pg_namespace as home on home.oid = class.opcnamespace
                   where class.oid = range.rngsubopc and not class.opcdefault),
                 'collation', case when range.rngcollation <> subtype.typcollation then range.rngcollation::regcollation::text end,
                 'canonical', case when range.rngcanonical <> 0 then range.rngcanonical::text end,
                 'subtype_diff', case when range.rngsubdiff <> 0 then range.rngsubdiff::text end,
                 'multirange_type_name', format_type(range.rngmultitypid, null))
          from pg_range as range join pg_type as subtype on subtype.oid = range.rngsubtype
         where range.rngtypid = sort.oid) as range,
       case when sort.typtype = 'b' then json_build_object('input', sort.typinput::text, 'output', sort.typoutput::text,
         'receive', sort.typreceive::text, 'send', sort.typsend::text, 'length', sort.typlen, 'by value', sort.typbyval,
         'alignment', sort.typalign, 'storage', sort.typstorage, 'category', sort.typcategory, 'default', sort.typdefault) end as base,
       case when sort.typtype = 'd' then format_type(sort.typbasetype, sort.typtypmod) end as type,
       case when sort.typtype = 'd' and sort.typcollation <> below.typcollation
         then sort.typcollation::regcollation::text end as collation,
       case when sort.typtype = 'd' then not sort.typnotnull end as nullable,
       case when sort.typtype = 'd' then
         (select held.conname from pg_constraint as held where held.contypid = sort.oid and held.contype = 'n') end as not_null_name,
       case when sort.typtype = 'd' then coalesce(pg_get_expr(sort.typdefaultbin, 0), sort.typdefault) end as "default"
  from pg_namespace as space
  join pg_type as sort on sort.typnamespace = space.oid
  left join pg_type as below on below.oid = sort.typbasetype
 where ${theirs}
   and sort.typtype in ('e', 'c', 'r', 'd', 'b', 'p')
   and not (sort.typtype = 'b' and sort.typcategory = 'A')
   and (sort.typrelid = 0 or exists (select from pg_class as rows_of where rows_of.oid = sort.typrelid and rows_of.relkind = 'c'))
   and ${ofNoExtension('pg_type', 'sort.oid')}`

/** Parameters, never the present value: a number that was drawn is data. */
export const sequences = `
select 'sequence' as kind, 'pg_class' as catalogue, relation.oid::int8 as oid,
       space.nspname as schema, relation.relname as own_name,
       pg_get_userbyid(relation.relowner) as owner,
       ${privileges('relation.relacl', 's', 'relation.relowner')} as privileges,
       nullif(relation.relpersistence, 'p') as persistence,
       format_type(steps.seqtypid, null) as type,
       steps.seqstart::text as "start", steps.seqincrement::text as increment,
       steps.seqmin::text as minimum, steps.seqmax::text as maximum, steps.seqcache::text as cache,
       nullif(steps.seqcycle, false) as cycle,
       (select json_build_array(home.nspname, owner.relname, field.attname)
          from pg_class as owner
          join pg_namespace as home on home.oid = owner.relnamespace
          join pg_attribute as field on field.attrelid = owner.oid and field.attnum = held.refobjsubid
         where owner.oid = held.refobjid) as owned_by,
       nullif(held.deptype = 'i', false) as of_identity
  from pg_sequence as steps
  join pg_class as relation on relation.oid = steps.seqrelid
  join pg_namespace as space on space.oid = relation.relnamespace
  left join pg_depend as held on held.classid = 'pg_class'::regclass and held.objid = relation.oid and held.objsubid = 0
        and held.refclassid = 'pg_class'::regclass and held.refobjsubid > 0 and held.deptype in ('a', 'i')
 where ${theirs}
   and ${ofNoExtension('pg_class', 'relation.oid')}`
