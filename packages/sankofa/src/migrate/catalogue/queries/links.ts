/** Objects of the team have numbers from here on; what initdb made is below. */
const firstOfTheirs = 16_384

/** Pairs of identity keys; a rule stands for its view, a default for its column, a row type for its table. */
export const dependencies = `
select coalesce(json_agg(json_build_array(link.object, link.needs)), '[]')::text as found
  from (
    select distinct
           case when rule.rulename = '_RETURN' then 'pg_class ' || rule.ev_class || ' 0'
                when preset.oid is not null then 'pg_class ' || preset.adrelid || ' ' || preset.adnum
                when sort.typrelid <> 0 then 'pg_class ' || sort.typrelid || ' 0'
                else catalogue.relname || ' ' || held.objid || ' ' || held.objsubid end as object,
           case when needed_sort.typrelid <> 0 then 'pg_class ' || needed_sort.typrelid || ' 0'
                when needed_sort.typelem <> 0 and needed_sort.typcategory = 'A' then 'pg_type ' || needed_sort.typelem || ' 0'
                else needed.relname || ' ' || held.refobjid || ' ' || held.refobjsubid end as needs
      from pg_depend as held
      join pg_class as catalogue on catalogue.oid = held.classid
      join pg_class as needed on needed.oid = held.refclassid
      left join pg_rewrite as rule on held.classid = 'pg_rewrite'::regclass and rule.oid = held.objid
      left join pg_attrdef as preset on held.classid = 'pg_attrdef'::regclass and preset.oid = held.objid
      left join pg_type as sort on held.classid = 'pg_type'::regclass and sort.oid = held.objid
      left join pg_type as needed_sort on held.refclassid = 'pg_type'::regclass and needed_sort.oid = held.refobjid
     where held.objid >= ${firstOfTheirs} and held.refobjid >= ${firstOfTheirs}
       and held.deptype <> 'e'
  ) as link
 where link.object <> link.needs`

export const comments = `
select coalesce(json_agg(json_build_array(catalogue.relname || ' ' || said.objoid || ' ' || said.objsubid, said.description)), '[]')::text as found
  from pg_description as said
  join pg_class as catalogue on catalogue.oid = said.classoid
 where said.objoid >= ${firstOfTheirs} or said.classoid = 'pg_namespace'::regclass`
