import type { StepClient } from '../migration.ts'
import { type Added, modifiersOf } from './step-shape.ts'
import type { Table } from './world.ts'

const isPublished = `exists (
  select from pg_catalog.pg_publication as publication
   where publication.puballtables
      or exists (select from pg_catalog.pg_publication_rel as member
                  where member.prpubid = publication.oid and member.prrelid = $1::oid)
      or exists (select from pg_catalog.pg_publication_namespace as member
                   join pg_catalog.pg_class as class on class.relnamespace = member.pnnspid and class.oid = $1::oid
                  where member.pnpubid = publication.oid))`

/** Something that is not the table itself takes its rows for values: a function, a column of another table. */
const rowIsType = `exists (
  select from pg_catalog.pg_type as row
    join pg_catalog.pg_depend as depends
      on depends.refclassid = 'pg_catalog.pg_type'::regclass and depends.refobjid in (row.oid, row.typarray)
   where row.typrelid = $1::oid and depends.deptype <> 'i')`

/** Is a column of the very type and collation that it is added with? */
export async function hasSameType(client: StepClient, oid: string, column: string, added: Added): Promise<boolean> {
  const { rows } = await client.query<{ type: string; same: boolean | null }>(
    `select pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as type,
            attribute.atttypid = pg_catalog.to_regtype($3) and type.typtype <> 'd'
            and attribute.attcollation = case when $4::text is null then type.typcollation else pg_catalog.to_regcollation($4) end as same
       from pg_catalog.pg_attribute as attribute
       join pg_catalog.pg_type as type on type.oid = attribute.atttypid
      where attribute.attrelid = $1::oid and attribute.attname = $2 and not attribute.attisdropped`,
    [oid, column, added.type, added.collation],
  )
  const found = rows[0]
  return found?.same === true && modifiersOf(found.type) === added.modifiers
}

/**
 * Would dropping these columns take nothing along but indexes, constraints, statistics and defaults, and do the columns
 * need nothing that could be dropped under them?
 */
export async function maybeHidden(client: StepClient, oid: string, numbers: readonly number[]): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select not ${isPublished} and not ${rowIsType}
            and not exists (
              select from pg_catalog.pg_depend as depends
               where depends.refclassid = 'pg_catalog.pg_class'::regclass and depends.refobjid = $1::oid
                 and depends.refobjsubid = any ($2::int4[])
               group by depends.classid, depends.objid, depends.objsubid
              having not bool_or(depends.deptype in ('a', 'i')) or not case depends.classid
                       when 'pg_catalog.pg_class'::regclass then exists (
                         select from pg_catalog.pg_class as index where index.oid = depends.objid and index.relkind = 'i')
                       when 'pg_catalog.pg_attrdef'::regclass then exists (
                         select from pg_catalog.pg_attrdef as initial
                          where initial.oid = depends.objid and initial.adrelid = $1::oid and initial.adnum = any ($2::int4[]))
                       when 'pg_catalog.pg_constraint'::regclass then exists (
                         select from pg_catalog.pg_constraint as held
                          where held.oid = depends.objid and held.conrelid = $1::oid and held.contype <> 'p')
                       else depends.classid = 'pg_catalog.pg_statistic_ext'::regclass end)
            and not exists (
              select from pg_catalog.pg_depend as depends
               where depends.classid = 'pg_catalog.pg_class'::regclass and depends.objid = $1::oid
                 and depends.objsubid = any ($2::int4[]))
            and not exists (
              select from pg_catalog.pg_constraint as held
                join pg_catalog.pg_depend as depends
                  on depends.refclassid = 'pg_catalog.pg_constraint'::regclass and depends.refobjid = held.oid
               where held.conrelid = $1::oid and held.conkey && $2::int2[] and depends.deptype = 'n')
       as may`,
    [oid, numbers],
  )
  return rows[0]?.may === true
}

/**
 * Does nothing hang on the table but what is its own and foreign keys, and does it need nothing that a later statement
 * could drop under it?
 *
 * @param from - tables whose foreign keys on it may go; absent: any
 */
export async function maybeMoved(
  client: StepClient,
  table: Table,
  from: readonly string[] | undefined,
): Promise<boolean> {
  if (table.triggers.length > 0 || table.columns.some(({ generated }) => generated)) return false
  const { rows } = await client.query<{ may: boolean }>(
    `with own as (
       select 'pg_catalog.pg_class'::regclass::oid as catalogue, $1::oid as oid
       union all select 'pg_catalog.pg_class'::regclass, index.indexrelid from pg_catalog.pg_index as index where index.indrelid = $1::oid
       union all select 'pg_catalog.pg_constraint'::regclass, held.oid from pg_catalog.pg_constraint as held where held.conrelid = $1::oid
       union all select 'pg_catalog.pg_attrdef'::regclass, initial.oid from pg_catalog.pg_attrdef as initial where initial.adrelid = $1::oid
       union all select 'pg_catalog.pg_statistic_ext'::regclass, wide.oid from pg_catalog.pg_statistic_ext as wide where wide.stxrelid = $1::oid
       union all select 'pg_catalog.pg_class'::regclass, depends.objid
         from pg_catalog.pg_depend as depends
         join pg_catalog.pg_class as sequence on sequence.oid = depends.objid and sequence.relkind = 'S'
        where depends.classid = 'pg_catalog.pg_class'::regclass and depends.refclassid = 'pg_catalog.pg_class'::regclass
          and depends.refobjid = $1::oid and depends.deptype in ('a', 'i')
     ), foreign_key as (
       select held.oid, held.conrelid from pg_catalog.pg_constraint as held
        where held.contype = 'f' and (held.confrelid = $1::oid or held.conrelid = $1::oid)
     )
     select not ${isPublished} and not ${rowIsType}
            and not exists (select from pg_catalog.pg_policy as policy where policy.polrelid = $1::oid)
            and not exists (select from pg_catalog.pg_trigger as trigger where trigger.tgrelid = $1::oid and not trigger.tgisinternal)
            and not exists (
              select from foreign_key
               where foreign_key.conrelid <> $1::oid and $2::oid[] is not null and foreign_key.conrelid <> all ($2::oid[]))
            and not exists (
              select from own
                join pg_catalog.pg_depend as depends on depends.refclassid = own.catalogue and depends.refobjid = own.oid
               where (depends.classid::oid, depends.objid) not in (select own.catalogue, own.oid from own)
                 and not (depends.classid = 'pg_catalog.pg_constraint'::regclass
                          and depends.objid in (select foreign_key.oid from foreign_key))
                 and not (depends.classid = 'pg_catalog.pg_trigger'::regclass
                          and exists (select from pg_catalog.pg_trigger as trigger
                                       where trigger.oid = depends.objid and trigger.tgisinternal))
                 and not (depends.classid = 'pg_catalog.pg_type'::regclass and depends.deptype = 'i')
                 and not (depends.classid = 'pg_catalog.pg_class'::regclass and depends.deptype = 'i'))
            and not exists (
              select from own
                join pg_catalog.pg_depend as depends on depends.classid = own.catalogue and depends.objid = own.oid
               where depends.refclassid not in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_constraint'::regclass, 'pg_catalog.pg_namespace'::regclass))
       as may`,
    [table.oid, from ?? null],
  )
  return rows[0]?.may === true
}
