import { firstOfTheirs, theirs } from './scope.ts'

/**
 * What cannot be without what, as the server holds it: numbers of catalogue, object and part, twice. Parts that a person
 * does not see stand for what they belong to: `standIns`.
 */
export const dependencies = `
select coalesce(json_agg(json_build_array(held.classid::int8, held.objid::int8, held.objsubid,
                                          held.refclassid::int8, held.refobjid::int8, held.refobjsubid)), '[]')::text as found
  from pg_depend as held
 where held.objid >= ${firstOfTheirs} and held.refobjid >= ${firstOfTheirs} and held.deptype = 'n'`

/** A rule stands for its view, a default for its column, a row type for its table, an index for its constraint, an array for its element. */
export const standIns = `
select json_build_object(
         'pg_rewrite', (select json_agg(json_build_array(rule.oid::int8, rule.ev_class::int8)) from pg_rewrite as rule
                         where rule.oid >= ${firstOfTheirs} and rule.rulename = '_RETURN'),
         'pg_attrdef', (select json_agg(json_build_array(preset.oid::int8, preset.adrelid::int8, preset.adnum)) from pg_attrdef as preset),
         'rows', (select json_agg(json_build_array(sort.oid::int8, sort.typrelid::int8)) from pg_type as sort
                   where sort.oid >= ${firstOfTheirs} and sort.typrelid <> 0),
         'elements', (select json_agg(json_build_array(sort.oid::int8, sort.typelem::int8)) from pg_type as sort
                       where sort.oid >= ${firstOfTheirs} and sort.typtype = 'b' and sort.typcategory = 'A'),
         'behind', (select json_agg(json_build_array(held.conindid::int8, held.oid::int8)) from pg_constraint as held
                     where held.contype in ('p', 'u', 'x')),
         'catalogues', (select json_agg(json_build_array(catalogue.oid::int8, catalogue.relname)) from pg_class as catalogue
                         where catalogue.oid < ${firstOfTheirs} and catalogue.relkind = 'r')
       )::text as found`

export const comments = `
select coalesce(json_agg(json_build_array(catalogue.relname, said.objoid::int8, said.objsubid, said.description)), '[]')::text as found
  from pg_description as said
  join pg_class as catalogue on catalogue.oid = said.classoid
 where said.objoid >= ${firstOfTheirs} or said.classoid = 'pg_namespace'::regclass`

/** One for every column on PostgreSQL 18, none before: a short list, which becomes properties of the columns. */
export const notNulls = `
select coalesce(json_agg(json_build_array(held.conrelid::int8, held.conkey[1], held.conname, held.convalidated, held.connoinherit)), '[]')::text
         as found
  from pg_namespace as space
  join pg_constraint as held on held.connamespace = space.oid
 where held.contype = 'n' and held.conrelid <> 0
   and ${theirs}`
