import type { StepClient } from '../migration.ts'
import { type Effect, effectsOf, type TableName } from '../sql/effects.ts'
import { readStatements } from '../sql/statement.ts'

/** What a function of the database does, by its body; nothing for those of PostgreSQL and of extensions. */
export async function effectsOfFunction(
  client: StepClient,
  which: { readonly name: TableName } | { readonly oid: string },
): Promise<readonly Effect[]> {
  const { rows } = await client.query<{ name: string; definition: string; language: string }>(
    `select function.proname as name, language.lanname as language,
            case when function.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(function.oid) end as definition
       from pg_catalog.pg_proc as function
       join pg_catalog.pg_namespace as namespace on namespace.oid = function.pronamespace
       join pg_catalog.pg_language as language on language.oid = function.prolang
      where namespace.nspname not in ('pg_catalog', 'information_schema')
        and function.prokind in ('f', 'p')
        and not exists (select from pg_catalog.pg_depend as depends
                         where depends.classid = 'pg_catalog.pg_proc'::regclass and depends.objid = function.oid and depends.deptype = 'e')
        and ${
          'oid' in which
            ? 'function.oid = $1::oid'
            : `function.proname = $1 and ($2::text is null or namespace.nspname = $2::text)`
        }`,
    'oid' in which ? [which.oid] : [which.name.name, which.name.schema ?? null],
  )
  const effects: Effect[] = []
  for (const { name, definition, language } of rows) {
    if (language !== 'sql' && language !== 'plpgsql') {
      effects.push({ kind: 'opaque', because: `function ${name} is written in ${language}`, at: 0 })
      continue
    }
    // Read as a step that defines the function and calls it.
    effects.push(...effectsOf(await readStatements(`${definition};\nselect "${name.replaceAll('"', '""')}"()`)))
  }
  return effects
}
