import { inTheirSchema, ofNoExtension, privileges } from './scope.ts'

export const schemas = `
select 'schema' as kind, 'pg_namespace' as catalogue, found.oid::int8 as oid, found.nspname as own_name,
       pg_get_userbyid(found.nspowner) as owner,
       ${privileges('found.nspacl', 'n', 'found.nspowner')} as privileges
  from pg_namespace as found
 where ${inTheirSchema('found.oid')}
   and ${ofNoExtension('pg_namespace', 'found.oid')}`

export const extensions = `
select 'extension' as kind, 'pg_extension' as catalogue, found.oid::int8 as oid, found.extname as own_name,
       found.extversion as version, space.nspname as installed_in
  from pg_extension as found
  join pg_namespace as space on space.oid = found.extnamespace`
