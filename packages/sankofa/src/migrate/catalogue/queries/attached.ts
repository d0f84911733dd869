import { ofNoExtension, theirs } from './scope.ts'

/** Those of foreign keys and partitions are the server's own. */
export const triggers = `
select 'trigger' as kind, 'pg_trigger' as catalogue, found.oid::int8 as oid,
       space.nspname as schema, found.tgname as own_name,
       array[space.nspname, relation.relname] as on_path,
       pg_get_triggerdef(found.oid) as definition,
       nullif(found.tgenabled, 'O') as enabled,
       nullif(found.tgparentid <> 0, false) as of_parent
  from pg_trigger as found
  join pg_class as relation on relation.oid = found.tgrelid
  join pg_namespace as space on space.oid = relation.relnamespace
 where not found.tgisinternal
   and ${theirs}
   and ${ofNoExtension('pg_class', 'relation.oid')}`

export const rules = `
select 'rule' as kind, 'pg_rewrite' as catalogue, found.oid::int8 as oid,
       space.nspname as schema, found.rulename as own_name,
       array[space.nspname, relation.relname] as on_path,
       pg_get_ruledef(found.oid) as definition,
       nullif(found.ev_enabled, 'O') as enabled
  from pg_rewrite as found
  join pg_class as relation on relation.oid = found.ev_class
  join pg_namespace as space on space.oid = relation.relnamespace
 where found.rulename <> '_RETURN'
   and ${theirs}
   and ${ofNoExtension('pg_class', 'relation.oid')}`

export const policies = `
select 'policy' as kind, 'pg_policy' as catalogue, found.oid::int8 as oid,
       space.nspname as schema, found.polname as own_name,
       array[space.nspname, relation.relname] as on_path,
       found.polcmd as command,
       found.polpermissive as permissive,
       (select json_agg(case when role.oid = 0 then 'public' else pg_get_userbyid(role.oid) end order by role.oid)
          from unnest(found.polroles) as role (oid)) as roles,
       pg_get_expr(found.polqual, found.polrelid) as "using",
       pg_get_expr(found.polwithcheck, found.polrelid) as "check"
  from pg_policy as found
  join pg_class as relation on relation.oid = found.polrelid
  join pg_namespace as space on space.oid = relation.relnamespace
 where ${theirs}
   and ${ofNoExtension('pg_class', 'relation.oid')}`

export const statistics = `
select 'statistics' as kind, 'pg_statistic_ext' as catalogue, found.oid::int8 as oid,
       space.nspname as schema, found.stxname as own_name,
       array[home.nspname, relation.relname] as on_path,
       pg_get_userbyid(found.stxowner) as owner,
       pg_get_statisticsobjdef(found.oid) as definition,
       nullif(found.stxstattarget, -1) as statistics_target
  from pg_statistic_ext as found
  join pg_namespace as space on space.oid = found.stxnamespace
  join pg_class as relation on relation.oid = found.stxrelid
  join pg_namespace as home on home.oid = relation.relnamespace
 where ${theirs}
   and ${ofNoExtension('pg_class', 'relation.oid')}`
