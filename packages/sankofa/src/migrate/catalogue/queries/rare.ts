import { firstOfTheirs, ofNoExtension, theirs } from './scope.ts'

/** What few migrations touch: read so that none of it is lost unseen. */
export const operators = `
select 'operator' as kind, 'pg_operator' as catalogue, found.oid::int8 as oid, space.nspname as schema, found.oprname as own_name,
       found.oid::regoperator::text as name,
       pg_get_userbyid(found.oprowner) as owner,
       case when found.oprleft <> 0 then format_type(found.oprleft, null) end as left,
       format_type(found.oprright, null) as right,
       case when found.oprcode <> 0 then found.oprcode::text end as function,
       case when found.oprcom <> 0 then found.oprcom::regoperator::text end as commutator,
       case when found.oprnegate <> 0 then found.oprnegate::regoperator::text end as negator,
       case when found.oprrest <> 0 then found.oprrest::text end as restrict,
       case when found.oprjoin <> 0 then found.oprjoin::text end as join,
       nullif(found.oprcanhash, false) as hashes, nullif(found.oprcanmerge, false) as merges
  from pg_operator as found
  join pg_namespace as space on space.oid = found.oprnamespace
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_operator', 'found.oid')}`

export const operatorClasses = `
select 'operator class' as kind, 'pg_opclass' as catalogue, found.oid::int8 as oid, space.nspname as schema, found.opcname as own_name,
       space.nspname || '.' || found.opcname || ' using ' || method.amname as name,
       pg_get_userbyid(found.opcowner) as owner, method.amname as method, found.opcdefault as default_for_type,
       format_type(found.opcintype, null) as type, family.opfname as family,
       case when found.opckeytype <> 0 then format_type(found.opckeytype, null) end as storage
  from pg_opclass as found
  join pg_namespace as space on space.oid = found.opcnamespace
  join pg_am as method on method.oid = found.opcmethod
  join pg_opfamily as family on family.oid = found.opcfamily
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_opclass', 'found.oid')}`

export const operatorFamilies = `
select 'operator family' as kind, 'pg_opfamily' as catalogue, found.oid::int8 as oid, space.nspname as schema, found.opfname as own_name,
       space.nspname || '.' || found.opfname || ' using ' || method.amname as name,
       pg_get_userbyid(found.opfowner) as owner, method.amname as method,
       (select json_agg(entry.amopstrategy || ' ' || entry.amopopr::regoperator::text order by entry.amopstrategy, entry.amopopr::regoperator::text)
          from pg_amop as entry where entry.amopfamily = found.oid) as operators,
       (select json_agg(entry.amprocnum || ' ' || entry.amproc::regprocedure::text order by entry.amprocnum, entry.amproc::regprocedure::text)
          from pg_amproc as entry where entry.amprocfamily = found.oid) as functions
  from pg_opfamily as found
  join pg_namespace as space on space.oid = found.opfnamespace
  join pg_am as method on method.oid = found.opfmethod
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_opfamily', 'found.oid')}`

/** Not those that come with a range type. */
export const casts = `
select 'cast' as kind, 'pg_cast' as catalogue, found.oid::int8 as oid,
       format_type(found.castsource, null) || ' as ' || format_type(found.casttarget, null) as own_name,
       format_type(found.castsource, null) as source, format_type(found.casttarget, null) as target,
       case when found.castfunc <> 0 then found.castfunc::regprocedure::text end as function,
       found.castcontext as context, found.castmethod as method
  from pg_cast as found
 where found.oid >= ${firstOfTheirs}
   and not exists (select from pg_depend as held
                    where held.classid = 'pg_cast'::regclass and held.objid = found.oid and held.deptype in ('e', 'i'))`

/** The locale of ICU has another name since version 17. */
export const collations = `
select 'collation' as kind, 'pg_collation' as catalogue, found.oid::int8 as oid, space.nspname as schema, found.collname as own_name,
       pg_get_userbyid(found.collowner) as owner, found.collprovider as provider, found.collisdeterministic as deterministic,
       found.collcollate as lc_collate, found.collctype as lc_ctype,
       coalesce(to_jsonb(found) ->> 'colllocale', to_jsonb(found) ->> 'colliculocale') as locale,
       to_jsonb(found) ->> 'collicurules' as rules
  from pg_collation as found
  join pg_namespace as space on space.oid = found.collnamespace
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_collation', 'found.oid')}`

export const conversions = `
select 'conversion' as kind, 'pg_conversion' as catalogue, found.oid::int8 as oid, space.nspname as schema, found.conname as own_name,
       pg_get_userbyid(found.conowner) as owner, pg_encoding_to_char(found.conforencoding) as source,
       pg_encoding_to_char(found.contoencoding) as target, found.conproc::text as function,
       nullif(found.condefault, false) as is_default
  from pg_conversion as found
  join pg_namespace as space on space.oid = found.connamespace
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_conversion', 'found.oid')}`

export const textSearchConfigurations = `
select 'text search configuration' as kind, 'pg_ts_config' as catalogue, found.oid::int8 as oid, space.nspname as schema,
       found.cfgname as own_name, pg_get_userbyid(found.cfgowner) as owner,
       (select quote_ident(home.nspname) || '.' || quote_ident(parser.prsname)
          from pg_ts_parser as parser join pg_namespace as home on home.oid = parser.prsnamespace
         where parser.oid = found.cfgparser) as parser,
       (select json_agg(json_build_array(mapping.token, mapping.dictionaries) order by mapping.token)
          from (select token.alias as token, json_agg(entry.mapdict::regdictionary::text order by entry.mapseqno) as dictionaries
                  from pg_ts_config_map as entry
                  join ts_token_type(found.cfgparser) as token on token.tokid = entry.maptokentype
                 where entry.mapcfg = found.oid group by token.alias) as mapping) as mappings
  from pg_ts_config as found
  join pg_namespace as space on space.oid = found.cfgnamespace
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_ts_config', 'found.oid')}`

export const textSearchDictionaries = `
select 'text search dictionary' as kind, 'pg_ts_dict' as catalogue, found.oid::int8 as oid, space.nspname as schema,
       found.dictname as own_name, pg_get_userbyid(found.dictowner) as owner, found.dictinitoption as options,
       (select quote_ident(home.nspname) || '.' || quote_ident(template.tmplname)
          from pg_ts_template as template join pg_namespace as home on home.oid = template.tmplnamespace
         where template.oid = found.dicttemplate) as template
  from pg_ts_dict as found
  join pg_namespace as space on space.oid = found.dictnamespace
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_ts_dict', 'found.oid')}`

export const textSearchParsers = `
select 'text search parser' as kind, 'pg_ts_parser' as catalogue, found.oid::int8 as oid, space.nspname as schema,
       found.prsname as own_name, found.prsstart::text as start, found.prstoken::text as token, found.prsend::text as end,
       found.prsheadline::text as headline, found.prslextype::text as lextypes
  from pg_ts_parser as found
  join pg_namespace as space on space.oid = found.prsnamespace
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_ts_parser', 'found.oid')}`

export const textSearchTemplates = `
select 'text search template' as kind, 'pg_ts_template' as catalogue, found.oid::int8 as oid, space.nspname as schema,
       found.tmplname as own_name, found.tmplinit::text as init, found.tmpllexize::text as lexize
  from pg_ts_template as found
  join pg_namespace as space on space.oid = found.tmplnamespace
 where found.oid >= ${firstOfTheirs} and ${theirs} and ${ofNoExtension('pg_ts_template', 'found.oid')}`
