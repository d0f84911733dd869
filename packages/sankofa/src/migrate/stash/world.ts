import type { StepClient } from '../migration.ts'
import type { TableName } from '../sql/effects.ts'
import { notHidden } from '../sql/hidden-name.ts'

export type Column = {
  readonly name: string
  readonly number: number
  /** Written so that it means the same with any search path. */
  readonly type: string
  readonly typeOid: string
  readonly notNull: boolean
  readonly generated: boolean
  /** `a`: always, `d`: by default, empty: not an identity. */
  readonly identity: string
}

export type Table = {
  readonly oid: string
  readonly schema: string
  readonly name: string
  /** `r` plain, `p` partitioned, `f` foreign. */
  readonly kind: 'r' | 'p' | 'f'
  readonly isPartition: boolean
  /** Tables that it inherits from, or is a partition of. */
  readonly parents: readonly string[]
  readonly rows: number
  readonly bytes: number
  /** The file its rows lie in: another one when it was rewritten. */
  readonly file: string
  readonly mine: boolean
  readonly readable: boolean
  /** Row-level security binds its owner too. */
  readonly forced: boolean
  readonly columns: readonly Column[]
  /** Columns of the primary key, then of each unique index that cannot hold a null. */
  readonly keys: readonly (readonly string[])[]
  /** Columns of every unique index on plain columns of all rows. */
  readonly uniques: readonly (readonly string[])[]
  readonly triggers: readonly { readonly on: readonly string[]; readonly before: boolean; readonly function: string }[]
  /** It has a rule that rewrites what is done to it. */
  readonly ruled: boolean
}

export type ForeignKey = {
  readonly name: string
  /** The referring table as SQL takes it. */
  readonly table: string
  readonly deferrable: boolean
  readonly deferred: boolean
  /** A partition has it from its table. */
  readonly inherited: boolean
  readonly from: string
  readonly to: string
  readonly columns: readonly string[]
  readonly references: readonly string[]
  /** As in `pg_constraint.confdeltype`: a, r, c, n, d. */
  readonly onDelete: string
  readonly onUpdate: string
}

/** The tables of a database, as far as keeping their rows needs to know them. */
export type World = {
  readonly tables: readonly Table[]
  readonly foreignKeys: readonly ForeignKey[]
  readonly views: readonly { readonly schema: string; readonly name: string; readonly tables: readonly string[] }[]
  /** Schemas that a name without one is looked up in, first one first. */
  readonly path: readonly string[]
}

const theirs = `namespace.nspname !~ '^pg_' and namespace.nspname not in ('information_schema', 'sankofa', 'sankofa_stash')`

/** One round trip. */
export async function readWorld(client: StepClient): Promise<World> {
  const { rows } = await client.query<{ world: World }>(`
    with relation as (
      select class.*, namespace.nspname
        from pg_catalog.pg_class as class
        join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
       where ${theirs} and class.relpersistence <> 't'
    ), tables as (
      select * from relation where relation.relkind in ('r', 'p', 'f')
    ), columns as (
      select attribute.attrelid,
             json_agg(json_build_object(
               'name', attribute.attname, 'number', attribute.attnum, 'typeOid', attribute.atttypid::text,
               'type', pg_catalog.format_type(attribute.atttypid, attribute.atttypmod),
               'notNull', attribute.attnotnull, 'generated', attribute.attgenerated <> '', 'identity', attribute.attidentity
             ) order by attribute.attnum) as list
        from tables
        join pg_catalog.pg_attribute as attribute on attribute.attrelid = tables.oid
       where attribute.attnum > 0 and not attribute.attisdropped and ${notHidden('attribute.attname')}
       group by attribute.attrelid
    ), keys as (
      select one.indrelid, json_agg(one.list) as uniques,
             json_agg(one.list order by one.indisprimary desc, json_array_length(one.list), one.indexrelid) filter (where one.filled) as list
        from (
          select index.indrelid, index.indexrelid, index.indisprimary, bool_and(attribute.attnotnull) as filled,
                 json_agg(attribute.attname order by part.position) as list
            from pg_catalog.pg_index as index
            cross join lateral unnest(index.indkey::int2[]) with ordinality as part (number, position)
            join pg_catalog.pg_attribute as attribute
              on attribute.attrelid = index.indrelid and attribute.attnum = part.number
           where index.indisunique and index.indisvalid and index.indpred is null and index.indexprs is null
             and part.position <= index.indnkeyatts
             and index.indrelid in (select tables.oid from tables)
           group by index.indrelid, index.indexrelid, index.indisprimary
        ) as one
       group by one.indrelid
    ), triggers as (
      select trigger.tgrelid,
             json_agg(json_build_object(
               'on', array_remove(array[
                 case when trigger.tgtype & 4 > 0 then 'insert' end, case when trigger.tgtype & 8 > 0 then 'delete' end,
                 case when trigger.tgtype & 16 > 0 then 'update' end, case when trigger.tgtype & 32 > 0 then 'truncate' end], null),
               'before', trigger.tgtype & 2 > 0, 'function', trigger.tgfoid::text)) as list
        from pg_catalog.pg_trigger as trigger
       where not trigger.tgisinternal and trigger.tgenabled <> 'D'
       group by trigger.tgrelid
    )
    select json_build_object(
      'path', pg_catalog.current_schemas(false),
      'tables', (
        select coalesce(json_agg(json_build_object(
          'oid', tables.oid::text, 'schema', tables.nspname, 'name', tables.relname, 'kind', tables.relkind,
          'isPartition', tables.relispartition,
          'parents', (select coalesce(json_agg(inherits.inhparent::text), '[]') from pg_catalog.pg_inherits as inherits where inherits.inhrelid = tables.oid),
          'rows', greatest(tables.reltuples, 0),
          'bytes', case when tables.relkind = 'r' then pg_catalog.pg_table_size(tables.oid) else 0 end,
          'file', tables.relfilenode::text, 'mine', pg_catalog.pg_has_role(tables.relowner, 'USAGE'),
          'readable', pg_catalog.has_table_privilege(tables.oid, 'select'),
          'forced', tables.relrowsecurity and tables.relforcerowsecurity
                    and not (select role.rolsuper or role.rolbypassrls from pg_catalog.pg_roles as role where role.rolname = current_user),
          'columns', coalesce(columns.list, '[]'), 'keys', coalesce(keys.list, '[]'), 'uniques', coalesce(keys.uniques, '[]'), 'triggers', coalesce(triggers.list, '[]'),
          'ruled', exists (select from pg_catalog.pg_rewrite as rule where rule.ev_class = tables.oid)
        ) order by tables.oid), '[]')
          from tables
          left join columns on columns.attrelid = tables.oid
          left join keys on keys.indrelid = tables.oid
          left join triggers on triggers.tgrelid = tables.oid),
      'foreignKeys', (
        select coalesce(json_agg(json_build_object(
          'name', foreign_key.conname, 'table', format('%I.%I', relation.nspname, relation.relname),
          'deferrable', foreign_key.condeferrable, 'deferred', foreign_key.condeferred, 'inherited', foreign_key.conparentid <> 0, 'from', foreign_key.conrelid::text, 'to', foreign_key.confrelid::text,
          'columns', (select json_agg(attribute.attname order by part.position)
                        from unnest(foreign_key.conkey) with ordinality as part (number, position)
                        join pg_catalog.pg_attribute as attribute on attribute.attrelid = foreign_key.conrelid and attribute.attnum = part.number),
          'references', (select json_agg(attribute.attname order by part.position)
                        from unnest(foreign_key.confkey) with ordinality as part (number, position)
                        join pg_catalog.pg_attribute as attribute on attribute.attrelid = foreign_key.confrelid and attribute.attnum = part.number),
          'onDelete', foreign_key.confdeltype, 'onUpdate', foreign_key.confupdtype)), '[]')
          from pg_catalog.pg_constraint as foreign_key
          join relation on relation.oid = foreign_key.conrelid
         where foreign_key.contype = 'f'),
      'views', (
        select coalesce(json_agg(json_build_object('schema', relation.nspname, 'name', relation.relname, 'tables', (
          select coalesce(json_agg(distinct depends.refobjid::text), '[]')
            from pg_catalog.pg_rewrite as rule
            join pg_catalog.pg_depend as depends
              on depends.classid = 'pg_catalog.pg_rewrite'::regclass and depends.objid = rule.oid
             and depends.refclassid = 'pg_catalog.pg_class'::regclass
           where rule.ev_class = relation.oid and depends.refobjid <> relation.oid))), '[]')
          from relation where relation.relkind = 'v')
    ) as world`)
  const world = rows[0]?.world
  if (world === undefined) throw new Error('the catalogue did not answer')
  return world
}

/** The tables that a name may mean. @param anySchema - a step has moved the search path */
export function tablesNamed(world: World, { schema, name }: TableName, anySchema = false): readonly Table[] {
  const namesakes = world.tables.filter((table) => table.name === name)
  if (schema !== undefined) return namesakes.filter((table) => table.schema === schema)
  if (anySchema) return namesakes
  const first = world.path.find((each) => namesakes.some((table) => table.schema === each))
  return namesakes.filter((table) => table.schema === first)
}

export const fullName = (table: { readonly schema: string; readonly name: string }): string =>
  `${table.schema}.${table.name}`
