import type { StepClient } from '../migration.ts'
import { isAboutRow } from './failure.ts'
import { type Instant, movedTable, stashSchema } from './kept.ts'
import { quoted } from './text-form.ts'

/**
 * What `drop table` would drop with it goes; the table itself, with its indexes and sequences, gets names of its own in
 * the stash's schema, so that its old ones are free.
 */
export async function moveStatements(client: StepClient, { id, kept }: Instant): Promise<readonly string[]> {
  const { rows } = await client.query<{ sql: string }>(
    `select 1 as turn, format('alter table %I.%I drop constraint %I', namespace.nspname, class.relname, held.conname) as sql
       from pg_catalog.pg_constraint as held
       join pg_catalog.pg_class as class on class.oid = held.conrelid
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
      where held.contype = 'f' and (held.conrelid = $1::oid or held.confrelid = $1::oid)
     union all
     select 2, format('drop statistics %I.%I', namespace.nspname, wide.stxname)
       from pg_catalog.pg_statistic_ext as wide
       join pg_catalog.pg_namespace as namespace on namespace.oid = wide.stxnamespace
      where wide.stxrelid = $1::oid
     union all
     select 3, format('alter table %s alter column %I drop default', $3::text, attribute.attname)
       from pg_catalog.pg_attrdef as initial
       join pg_catalog.pg_attribute as attribute on attribute.attrelid = initial.adrelid and attribute.attnum = initial.adnum
      where initial.adrelid = $1::oid
     union all
     select 4, format('alter index %I.%I rename to %I', namespace.nspname, class.relname, $2::text || '_i' || row_number() over (order by class.oid))
       from pg_catalog.pg_index as index
       join pg_catalog.pg_class as class on class.oid = index.indexrelid
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
      where index.indrelid = $1::oid
     union all
     select 5, format('alter sequence %I.%I rename to %I', namespace.nspname, class.relname, $2::text || '_q' || row_number() over (order by class.oid))
       from pg_catalog.pg_depend as depends
       join pg_catalog.pg_class as class on class.oid = depends.objid and class.relkind = 'S'
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
      where depends.classid = 'pg_catalog.pg_class'::regclass and depends.refclassid = 'pg_catalog.pg_class'::regclass
        and depends.refobjid = $1::oid and depends.deptype in ('a', 'i')
      order by 1, 2`,
    [kept.oid, ownName(id), quoted(kept)],
  )
  return [
    ...rows.map(({ sql }) => sql),
    // Under its new name first: the stash's schema may have a table of the old one.
    `alter table ${quoted(kept)} rename to "${ownName(id)}"`,
    `alter table ${quoted({ schema: kept.schema, name: ownName(id) })} set schema ${stashSchema}`,
  ]
}

const ownName = (id: bigint): string => movedTable(id).slice(stashSchema.length + 1)

/**
 * Puts the rows of a moved table into the one that was just made in its place, which nobody has written to.
 *
 * @returns how many; `undefined` where not all of them fit as they are, or not yet
 */
export async function refill(client: StepClient, { id, kept }: Instant): Promise<number | undefined> {
  const { rows } = await client.query<{ columns: string; missing: boolean }>(
    `select string_agg(quote_ident(old.attname), ', ' order by old.attnum) as columns,
            bool_or(made.attnum is null or made.attgenerated <> '') as missing
       from pg_catalog.pg_attribute as old
       left join pg_catalog.pg_attribute as made
         on made.attrelid = pg_catalog.to_regclass($2) and made.attname = old.attname and not made.attisdropped
        and (made.atttypid, made.atttypmod, made.attcollation) = (old.atttypid, old.atttypmod, old.attcollation)
      where old.attrelid = pg_catalog.to_regclass($1) and old.attnum > 0 and not old.attisdropped`,
    [movedTable(id), quoted(kept)],
  )
  const found = rows[0]
  if (found === undefined || found.missing) return undefined
  await client.query('savepoint sankofa_refill')
  try {
    const { rowCount } = await client.query(
      `insert into ${quoted(kept)} (${found.columns}) overriding system value select ${found.columns} from ${movedTable(id)}`,
    )
    // Checks that wait for the commit would keep later statements from altering the table.
    await client.query('set constraints all immediate')
    await client.query('release savepoint sankofa_refill')
    return rowCount ?? 0
  } catch (error) {
    if (!isAboutRow(error)) throw error
    await client.query('rollback to savepoint sankofa_refill; release savepoint sankofa_refill')
    return undefined
  }
}
