import type { StepClient } from '../migration.ts'

export type RelationColumn = {
  readonly name: string
  readonly number: number
  /** As PostgreSQL writes it, such as `character varying(20)`. */
  readonly type: string
  /** The type behind domains, without its length, such as `varchar`. */
  readonly base: string
  /** Characters at most. */
  readonly length: number | null
  readonly notNull: boolean
  readonly generated: boolean
  /** Never NULL, by itself or by its domain. */
  readonly required: boolean
  /** Has a value where an INSERT leaves it out: a default, its own or its domain's, an identity, or generated. */
  readonly filled: boolean
  readonly labels: readonly string[] | null
}

/** A table or view that statements name. */
export type Relation = {
  readonly schema: string
  readonly name: string
  /** As `pg_class.relkind`. */
  readonly kind: string
  readonly hidesRows: boolean
  readonly columns: readonly RelationColumn[]
  /** Columns of each unique rule that has no condition, the primary key first. */
  readonly keys: readonly (readonly number[])[]
  /** Names of its foreign keys. */
  readonly references: readonly string[]
  /** Names of all that a row must satisfy besides its types: checks, keys, foreign keys, exclusions. */
  readonly rules: readonly string[]
  /** A trigger stands before each row that is inserted or updated, and may fill in what is missing. */
  readonly fillsRows: boolean
}

export const columnNamed = (relation: Relation, name: string): RelationColumn | undefined =>
  relation.columns.find((column) => column.name === name)

const relationsSql = `
select space.nspname as schema, relation.relname as name, relation.relkind as kind, relation.relrowsecurity as "hidesRows",
       (select json_agg(json_build_object(
                 'name', attribute.attname, 'number', attribute.attnum,
                 'type', format_type(attribute.atttypid, attribute.atttypmod),
                 'base', coalesce(base.typname, type.typname),
                 'length', case when type.typname in ('varchar', 'bpchar') and attribute.atttypmod > 4 then attribute.atttypmod - 4 end,
                 'notNull', attribute.attnotnull,
                 'generated', attribute.attgenerated <> '',
                 'required', attribute.attnotnull or type.typnotnull,
                 'filled', attribute.atthasdef or attribute.attidentity <> '' or type.typdefault is not null,
                 'labels', (select json_agg(label.enumlabel order by label.enumsortorder)
                              from pg_enum as label where label.enumtypid in (type.oid, base.oid)))
               order by attribute.attnum)
          from pg_attribute as attribute
          join pg_type as type on type.oid = attribute.atttypid
          left join pg_type as base on base.oid = type.typbasetype and type.typtype = 'd'
         where attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped) as columns,
       (select json_agg((index.indkey::int2[])[0:index.indnkeyatts - 1] order by index.indisprimary desc, index.indexrelid)
          from pg_index as index
         where index.indrelid = relation.oid and index.indisunique and index.indpred is null and index.indexprs is null) as keys,
       array(select reference.conname::text from pg_constraint as reference
              where reference.conrelid = relation.oid and reference.contype = 'f') as references,
       array(select rule.conname::text from pg_constraint as rule
              where rule.conrelid = relation.oid and rule.contype in ('c', 'f', 'u', 'p', 'x') order by rule.conname)
       || array(select class.relname::text from pg_index as index join pg_class as class on class.oid = index.indexrelid
                 where index.indrelid = relation.oid and index.indisunique
                   and not exists (select from pg_constraint as rule where rule.conindid = index.indexrelid)
                 order by class.relname) as rules,
       -- Bits of tgtype: for each row 1, before 2, insert 4, update 16.
       exists (select from pg_trigger as trigger
                where trigger.tgrelid = relation.oid and trigger.tgenabled in ('O', 'A')
                  and trigger.tgtype & 3 = 3 and trigger.tgtype & 20 <> 0) as "fillsRows"
  from pg_class as relation
  join pg_namespace as space on space.oid = relation.relnamespace
 where relation.relkind in ('r', 'p', 'v', 'm', 'f') and relation.relname = any ($1::text[])
   and space.nspname !~ '^pg_' and space.nspname <> 'information_schema'
 order by pg_table_is_visible(relation.oid) desc, relation.oid`

/** Those that a name without schema means come first. */
export async function readRelations(client: StepClient, names: readonly string[]): Promise<readonly Relation[]> {
  const { rows } = await client.query<
    Omit<Relation, 'columns' | 'keys'> & {
      readonly columns: readonly RelationColumn[] | null
      readonly keys: readonly (readonly number[])[] | null
    }
  >(relationsSql, [names])
  return rows.map((row) => ({ ...row, columns: row.columns ?? [], keys: row.keys ?? [] }))
}

/** Finds the table that a name means. @param relations - as `readRelations` gives them */
export const findAmong =
  (relations: readonly Relation[]) =>
  (schema: string | undefined, name: string): Relation | undefined =>
    relations.find((relation) => relation.name === name && (schema ?? relation.schema) === relation.schema)
