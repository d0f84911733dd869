import type { ColumnDef, Node } from 'libpg-query'
import { deparse } from 'pgsql-deparser'
import type { StepClient } from '../migration.ts'
import { hiddenPrefix } from '../sql/hidden-name.ts'
import type { HiddenColumn, Kept } from './kept.ts'
import { identifier, quoted } from './text-form.ts'
import { triggerSwitches } from './triggers.ts'

export const hiddenName = (id: bigint, index: number): string => `${hiddenPrefix}${id}_${index + 1}`

export function hiddenAs(kept: Kept, column: string): HiddenColumn {
  const found = kept.instant?.how === 'hide' ? kept.instant.columns[kept.columns.indexOf(column)] : undefined
  if (found === undefined) throw new Error(`column ${column} of ${kept.name} is not a hidden one`)
  return found
}

/** What `drop column` would drop with it goes; the column itself only gets another name. */
export async function hideStatements(client: StepClient, kept: Kept, column: string): Promise<readonly string[]> {
  const table = quoted(kept)
  const number = kept.columnNumbers[kept.columns.indexOf(column)]
  const { rows } = await client.query<{ sql: string }>(
    `with dependent as (
       select distinct depends.classid, depends.objid
         from pg_catalog.pg_depend as depends
        where depends.refclassid = 'pg_catalog.pg_class'::regclass and depends.refobjid = $1::oid and depends.refobjsubid = $2
     )
     select 1 as turn, format('alter table %s drop constraint %I', $3::text, held.conname) as sql
       from dependent join pg_catalog.pg_constraint as held
         on dependent.classid = 'pg_catalog.pg_constraint'::regclass and held.oid = dependent.objid and held.contype <> 'n'
     union all
     select 2, format('drop index %I.%I', namespace.nspname, class.relname)
       from dependent
       join pg_catalog.pg_class as class
         on dependent.classid = 'pg_catalog.pg_class'::regclass and class.oid = dependent.objid and class.relkind = 'i'
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
      where not exists (select from pg_catalog.pg_constraint as held where held.conindid = class.oid and held.contype in ('u', 'x', 'p'))
     union all
     select 3, format('drop statistics %I.%I', namespace.nspname, wide.stxname)
       from dependent
       join pg_catalog.pg_statistic_ext as wide
         on dependent.classid = 'pg_catalog.pg_statistic_ext'::regclass and wide.oid = dependent.objid
       join pg_catalog.pg_namespace as namespace on namespace.oid = wide.stxnamespace
     union all
     select 4, format('alter table %s alter column %I drop default, alter column %2$I drop not null', $3::text, $4::text)
     union all
     select 5, format('alter table %s rename column %I to %I', $3::text, $4::text, $5::text)
      order by 1, 2`,
    [kept.oid, number, table, column, hiddenAs(kept, column).name],
  )
  return rows.map(({ sql }) => sql)
}

/** The column as `add column` describes it, with the values that it had. */
export async function unhideStatements(client: StepClient, kept: Kept, added: ColumnDef): Promise<readonly string[]> {
  const column = added.colname ?? ''
  const table = quoted(kept)
  const name = identifier(column)
  const constraints = (added.constraints ?? []).map((each) => ('Constraint' in each ? each.Constraint : {}))
  const initial = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr
  const statements = [`alter table ${table} rename column ${identifier(hiddenAs(kept, column).name)} to ${name}`]
  if (initial !== undefined) {
    statements.push(await setDefault(kept, column, initial))
    // Rows that were added since have none: before, there was no row without.
    const switches = await triggerSwitches(client, kept.oid)
    const fill = `update only ${table} set ${name} = default where ${name} is null`
    statements.push(...(switches === undefined ? [fill] : [switches.off, fill, switches.on]))
  }
  if (constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL')) {
    statements.push('set constraints all immediate', `alter table ${table} alter column ${name} set not null`)
  }
  return statements
}

const setDefault = (kept: Kept, column: string, initial: Node): Promise<string> =>
  deparse({
    AlterTableStmt: {
      relation: { schemaname: kept.schema, relname: kept.name, inh: true, relpersistence: 'p' },
      cmds: [{ AlterTableCmd: { subtype: 'AT_ColumnDefault', name: column, def: initial, behavior: 'DROP_RESTRICT' } }],
      objtype: 'OBJECT_TABLE',
    },
  })

/** The table in which its columns are hidden, whatever it is called by now; `undefined` when not all of them are there. */
export async function whereHidden(
  client: StepClient,
  kept: Kept,
): Promise<{ readonly oid: string; readonly schema: string; readonly name: string } | undefined> {
  const names = kept.instant?.how === 'hide' ? kept.instant.columns.map(({ name }) => name) : []
  const { rows } = await client.query<{ oid: string; schema: string; name: string }>(
    `select class.oid::text as oid, namespace.nspname as schema, class.relname as name
       from pg_catalog.pg_attribute as attribute
       join pg_catalog.pg_class as class on class.oid = attribute.attrelid
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
      where attribute.attname = any ($1::text[]) and not attribute.attisdropped
      group by class.oid, namespace.nspname
     having count(*) = $2::int4`,
    [names, names.length],
  )
  return rows.length === 1 ? rows[0] : undefined
}
