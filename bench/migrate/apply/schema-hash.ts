import pg from 'pg'
import { historyTables } from './contestants.ts'

export type SchemaSeen = { readonly tables: number; readonly rows: number; readonly hash: string }

const own = `class.relnamespace = 'public'::regnamespace and class.relname <> all ($1)`

/** What a contestant has made, so that all can be seen to have done the same work. Our own look, not Sankofa's. */
export async function readSchema(url: string): Promise<SchemaSeen> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ tables: string[]; hash: string }>(
      `with line as (
         select format('%s %s %s', class.relname, class.relkind, pg_get_viewdef(class.oid)) as text
           from pg_class as class where class.relkind in ('r', 'v') and ${own}
         union all
         select format('%s.%s %s %s %s %s %s', class.relname, attribute.attname, attribute.attnum,
                       format_type(attribute.atttypid, attribute.atttypmod), attribute.attnotnull, attribute.attidentity,
                       pg_get_expr(setting.adbin, setting.adrelid))
           from pg_attribute as attribute
           join pg_class as class on class.oid = attribute.attrelid
           left join pg_attrdef as setting on setting.adrelid = class.oid and setting.adnum = attribute.attnum
          where attribute.attnum > 0 and not attribute.attisdropped and class.relkind in ('r', 'v') and ${own}
         union all
         select format('%s %s', rule.conname, pg_get_constraintdef(rule.oid))
           from pg_constraint as rule join pg_class as class on class.oid = rule.conrelid where ${own}
         union all
         select pg_get_indexdef(index.indexrelid)
           from pg_index as index join pg_class as class on class.oid = index.indrelid where ${own}
         union all
         select pg_get_triggerdef(trigger.oid)
           from pg_trigger as trigger join pg_class as class on class.oid = trigger.tgrelid
          where not trigger.tgisinternal and ${own}
         union all
         select pg_get_functiondef(routine.oid)
           from pg_proc as routine where routine.pronamespace = 'public'::regnamespace
         union all
         select format('%s %s %s', kind.typname, kind.typtype, label.enumlabel)
           from pg_type as kind left join pg_enum as label on label.enumtypid = kind.oid
          where kind.typnamespace = 'public'::regnamespace and kind.typtype in ('e', 'd')
         union all
         select format('%s: %s', class.relname, obj_description(class.oid, 'pg_class'))
           from pg_class as class where class.relkind = 'r' and ${own}
       )
       select (select array_agg(class.relname::text) from pg_class as class where class.relkind = 'r' and ${own}) as tables,
              (select md5(string_agg(line.text, e'\\n' order by line.text)) from line) as hash`,
      [historyTables],
    )
    const [seen] = rows
    const tables = seen?.tables ?? []
    const counts = tables.map((table) => `(select count(*) from ${pg.escapeIdentifier(table)})`).join(' + ')
    const counted = await client.query<{ rows: number }>(`select (${counts || '0'})::int as rows`)
    return { tables: tables.length, rows: counted.rows[0]?.rows ?? 0, hash: seen?.hash ?? '' }
  } finally {
    await client.end()
  }
}
