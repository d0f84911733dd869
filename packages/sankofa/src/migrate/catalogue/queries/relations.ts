import { notHidden } from '../../sql/hidden-name.ts'
import { ofNoExtension, privileges, theirs } from './scope.ts'

/** Tables, partitions, foreign tables, views and materialized views. */
export const relations = `
select case relation.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
         else 'table' end as kind,
       'pg_class' as catalogue, relation.oid::int8 as oid,
       space.nspname as schema, relation.relname as own_name,
       pg_get_userbyid(relation.relowner) as owner,
       ${privileges('relation.relacl', 'r', 'relation.relowner')} as privileges,
       nullif(relation.relpersistence, 'p') as persistence,
       relation.reloptions as options,
       toast.reloptions as toast_options,
       method.amname as access_method,
       place.spcname as tablespace,
       nullif(relation.relrowsecurity, false) as row_security,
       nullif(relation.relforcerowsecurity, false) as row_security_forced,
       case when relation.relkind in ('r', 'p') and relation.relreplident <> 'd' then relation.relreplident end as replica_identity,
       case when relation.relkind = 'p' then pg_get_partkeydef(relation.oid) end as partition_key,
       pg_get_expr(relation.relpartbound, relation.oid) as partition_bound,
       (select json_agg(link.inhparent::regclass::text order by link.inhseqno)
          from pg_inherits as link where link.inhrelid = relation.oid) as parents,
       case when relation.reloftype <> 0 then format_type(relation.reloftype, null) end as of_type,
       case when relation.relkind in ('v', 'm') then pg_get_viewdef(relation.oid) end as text,
       case when relation.relkind = 'm' then relation.relispopulated end as populated,
       server.srvname as server, source.ftoptions as server_options
  from pg_namespace as space
  join pg_class as relation on relation.relnamespace = space.oid
  left join pg_class as toast on toast.oid = relation.reltoastrelid
  left join pg_am as method on method.oid = relation.relam
  left join pg_tablespace as place on place.oid = relation.reltablespace
  left join pg_foreign_table as source on source.ftrelid = relation.oid
  left join pg_foreign_server as server on server.oid = source.ftserver
 where relation.relkind in ('r', 'p', 'f', 'v', 'm')
   and ${theirs}
   and ${ofNoExtension('pg_class', 'relation.oid')}`

/** In the order in which a `select *` gives them; numbers with holes are PostgreSQL's own affair. */
export const columns = `
select 'column' as kind, 'pg_class' as catalogue, relation.oid::int8 as oid, field.attnum as sub,
       space.nspname as schema, field.attname as own_name,
       array[space.nspname, relation.relname] as on_path,
       format_type(field.atttypid, field.atttypmod) as type,
       case when field.attcollation <> kind_of.typcollation then field.attcollation::regcollation::text end as collation,
       not field.attnotnull as nullable,
       case when field.attgenerated = '' then pg_get_expr(preset.adbin, preset.adrelid) end as "default",
       case when field.attgenerated <> '' then pg_get_expr(preset.adbin, preset.adrelid) end as generated,
       nullif(field.attgenerated, '') as generated_kind,
       nullif(field.attidentity, '') as identity,
       case when field.attstorage <> kind_of.typstorage then field.attstorage end as storage,
       nullif(field.attcompression, '') as compression,
       nullif(field.attstattarget, -1) as statistics_target,
       field.attoptions as options,
       field.attfdwoptions as server_options,
       nullif(field.attislocal, true) as local,
       nullif(field.attacl::text[], '{}') as privileges
  from pg_namespace as space
  join pg_class as relation on relation.relnamespace = space.oid
  join pg_attribute as field on field.attrelid = relation.oid
  join pg_type as kind_of on kind_of.oid = field.atttypid
  left join pg_attrdef as preset on preset.adrelid = field.attrelid and preset.adnum = field.attnum
 where relation.relkind in ('r', 'p', 'f', 'v', 'm')
   and field.attnum > 0 and not field.attisdropped
   and ${notHidden('field.attname')}
   and ${theirs}
   and ${ofNoExtension('pg_class', 'relation.oid')}
 order by field.attrelid, field.attnum`

/**
 * Of tables and of domains; not-null ones are read apart, being many. The index behind one belongs to it: what can be set
 * on that index alone is said here. Constraint triggers are triggers.
 */
export const constraints = `
select 'constraint' as kind, 'pg_constraint' as catalogue, held.oid::int8 as oid,
       space.nspname as schema, held.conname as own_name,
       array[space.nspname, coalesce(relation.relname, sort.typname)] as on_path,
       held.contype as type,
       pg_get_constraintdef(held.oid) as definition,
       nullif(held.conrelid, 0)::int8 as relation, held.conkey as columns,
       case when held.contype = 'f' then held.confdeltype end as on_delete,
       case when held.contype = 'f' then held.confupdtype end as on_update,
       nullif(held.convalidated, true) as validated,
       case when not held.convalidated then nullif((to_jsonb(held) ->> 'conenforced')::boolean, true) end as enforced,
       nullif(held.condeferrable, false) as deferrable,
       nullif(held.condeferred, false) as deferred,
       nullif(held.connoinherit and held.contype = 'c', false) as no_inherit,
       nullif(held.conislocal, true) as local,
       nullif(held.conparentid <> 0, false) as of_parent,
       case when held.contype = 'f' then (select nullif(bool_or(own.tgenabled <> 'O'), false)
         from pg_trigger as own where own.tgconstraint = held.oid) end as triggers_disabled,
       nullif(behind.indisclustered, false) as clustered,
       nullif(behind.indisreplident, false) as replica_identity,
       nullif(behind.indisvalid, true) as valid,
       behind_it.reloptions as options,
       place.spcname as tablespace
  from pg_namespace as space
  join pg_constraint as held on held.connamespace = space.oid
  left join pg_class as relation on relation.oid = held.conrelid
  left join pg_type as sort on sort.oid = held.contypid
  left join pg_index as behind on behind.indexrelid = held.conindid and held.contype in ('p', 'u', 'x')
  left join pg_class as behind_it on behind_it.oid = behind.indexrelid
  left join pg_tablespace as place on place.oid = behind_it.reltablespace
 where held.contype in ('c', 'f', 'p', 'u', 'x')
   and ${theirs}
   and ${ofNoExtension('pg_class', 'held.conrelid')}
   and ${ofNoExtension('pg_type', 'held.contypid')}`

/** Those that no constraint has. `definition` begins after the name, so that a renamed one is recognised. */
export const indexes = `
select 'index' as kind, 'pg_class' as catalogue, relation.oid::int8 as oid,
       space.nspname as schema, relation.relname as own_name,
       array[space.nspname, owner.relname] as on_path,
       right(pg_get_indexdef(relation.oid),
         - length('CREATE ' || case when behind.indisunique then 'UNIQUE ' else '' end || 'INDEX ' || quote_ident(relation.relname)))
         as definition,
       relation.reloptions as options,
       nullif(behind.indisunique, false) as "unique",
       nullif(behind.indisvalid, true) as valid,
       nullif(behind.indisclustered, false) as clustered,
       nullif(behind.indisreplident, false) as replica_identity,
       case when relation.relispartition then
         (select link.inhparent::regclass::text from pg_inherits as link where link.inhrelid = relation.oid) end as parent,
       place.spcname as tablespace,
       case when behind.indexprs is not null then
         (select json_agg(json_build_array(field.attnum, field.attstattarget) order by field.attnum) from pg_attribute as field
           where field.attrelid = relation.oid and field.attstattarget >= 0) end as statistics_targets
  from pg_namespace as space
  join pg_class as relation on relation.relnamespace = space.oid
  join pg_index as behind on behind.indexrelid = relation.oid
  join pg_class as owner on owner.oid = behind.indrelid
  left join pg_tablespace as place on place.oid = relation.reltablespace
 where relation.relkind in ('i', 'I')
   and ${theirs}
   and relation.oid not in (select held.conindid from pg_constraint as held where held.contype in ('p', 'u', 'x'))
   and ${ofNoExtension('pg_class', 'owner.oid')}`
