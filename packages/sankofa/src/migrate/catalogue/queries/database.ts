import { firstOfTheirs, ofNoExtension, privileges, theirs } from './scope.ts'

export const schemas = `
select 'schema' as kind, 'pg_namespace' as catalogue, space.oid::int8 as oid, space.nspname as own_name,
       pg_get_userbyid(space.nspowner) as owner,
       ${privileges('space.nspacl', 'n', 'space.nspowner')} as privileges
  from pg_namespace as space
 where ${theirs}
   and ${ofNoExtension('pg_namespace', 'space.oid')}`

export const extensions = `
select 'extension' as kind, 'pg_extension' as catalogue, found.oid::int8 as oid, found.extname as own_name,
       found.extversion as version, space.nspname as installed_in
  from pg_extension as found
  join pg_namespace as space on space.oid = found.extnamespace`

export const eventTriggers = `
select 'event trigger' as kind, 'pg_event_trigger' as catalogue, found.oid::int8 as oid, found.evtname as own_name,
       pg_get_userbyid(found.evtowner) as owner, found.evtevent as event, found.evtfoid::regproc::text as function,
       found.evttags as tags, nullif(found.evtenabled, 'O') as enabled
  from pg_event_trigger as found
 where ${ofNoExtension('pg_event_trigger', 'found.oid')}`

/** Of what will be created later. A role that went back to the server's own has no row. */
export const defaultPrivileges = `
select 'default privileges' as kind, 'pg_default_acl' as catalogue, found.oid::int8 as oid,
       case found.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
         when 'n' then 'schemas' else 'large objects' end
         || coalesce(' in ' || space.nspname, '') || ' of role ' || pg_get_userbyid(found.defaclrole) as own_name,
       pg_get_userbyid(found.defaclrole) as role, space.nspname as in_schema, found.defaclobjtype as of,
       found.defaclacl::text[] as privileges,
       case when space.oid is null then acldefault(found.defaclobjtype, found.defaclrole)::text[] else '{}' end as without
  from pg_default_acl as found
  left join pg_namespace as space on space.oid = found.defaclnamespace
 where found.defaclnamespace = 0 or ${theirs}`

export const languages = `
select 'language' as kind, 'pg_language' as catalogue, found.oid::int8 as oid, found.lanname as own_name,
       pg_get_userbyid(found.lanowner) as owner, found.lanpltrusted as trusted, found.lanplcallfoid::regproc::text as handler,
       ${privileges('found.lanacl', 'l', 'found.lanowner')} as privileges
  from pg_language as found
 where found.oid >= ${firstOfTheirs} and ${ofNoExtension('pg_language', 'found.oid')}`

export const accessMethods = `
select 'access method' as kind, 'pg_am' as catalogue, found.oid::int8 as oid, found.amname as own_name,
       found.amtype as form, found.amhandler::text as handler
  from pg_am as found
 where found.oid >= ${firstOfTheirs} and ${ofNoExtension('pg_am', 'found.oid')}`

export const foreignDataWrappers = `
select 'foreign data wrapper' as kind, 'pg_foreign_data_wrapper' as catalogue, found.oid::int8 as oid, found.fdwname as own_name,
       pg_get_userbyid(found.fdwowner) as owner, found.fdwoptions as options,
       case when found.fdwhandler <> 0 then found.fdwhandler::regproc::text end as handler,
       case when found.fdwvalidator <> 0 then found.fdwvalidator::regproc::text end as validator,
       ${privileges('found.fdwacl', 'F', 'found.fdwowner')} as privileges
  from pg_foreign_data_wrapper as found
 where ${ofNoExtension('pg_foreign_data_wrapper', 'found.oid')}`

export const foreignServers = `
select 'foreign server' as kind, 'pg_foreign_server' as catalogue, found.oid::int8 as oid, found.srvname as own_name,
       pg_get_userbyid(found.srvowner) as owner, found.srvoptions as options, wrapper.fdwname as wrapper,
       found.srvtype as type, found.srvversion as version,
       ${privileges('found.srvacl', 'S', 'found.srvowner')} as privileges
  from pg_foreign_server as found
  join pg_foreign_data_wrapper as wrapper on wrapper.oid = found.srvfdw
 where ${ofNoExtension('pg_foreign_server', 'found.oid')}`

/** Read as a whole row too: version 18 publishes generated columns. */
export const publications = `
select 'publication' as kind, 'pg_publication' as catalogue, found.oid::int8 as oid, found.pubname as own_name,
       pg_get_userbyid(found.pubowner) as owner, nullif(found.puballtables, false) as all_tables,
       found.pubinsert as insert, found.pubupdate as update, found.pubdelete as delete, found.pubtruncate as truncate,
       nullif(found.pubviaroot, false) as via_root,
       nullif(to_jsonb(found) ->> 'pubgencols', 'n') as generated_columns,
       (select json_agg(json_build_object('table', member.prrelid::regclass::text,
                 'columns', (select json_agg(field.attname order by field.attname) from pg_attribute as field
                              where field.attrelid = member.prrelid and field.attnum = any (member.prattrs::int2[])),
                 'where', pg_get_expr(member.prqual, member.prrelid)) order by member.prrelid::regclass::text)
          from pg_publication_rel as member where member.prpubid = found.oid) as tables,
       (select json_agg(space.nspname order by space.nspname) from pg_publication_namespace as member
          join pg_namespace as space on space.oid = member.pnnspid where member.pnpubid = found.oid) as schemas
  from pg_publication as found
 where ${ofNoExtension('pg_publication', 'found.oid')}`
