import pg from 'pg'
import type { History, Migration } from '../migration.ts'
import type { Folder } from './folder.ts'
import { findSettings, textAt } from './project-settings.ts'
import { quotedTable } from './quoted.ts'
import { tableHistory } from './table-history.ts'

/** What Drizzle keeps of a migration; `when` in milliseconds. */
export type DrizzleRow = { readonly hash: string; readonly when: number }

/** Drizzle's table, in the schema and under the name that `drizzle.config` gives it. */
export async function drizzleHistory(
  folder: Folder,
  rows: ReadonlyMap<string, DrizzleRow>,
  migrations: readonly Migration[],
  layout: 'journal' | 'folders',
): Promise<History> {
  const settings = await findSettings(folder, /^drizzle\.config\.(ts|js|mjs|cjs|mts|json)$/)
  const schema = textAt(settings, 'migrations', 'schema') ?? 'drizzle'
  const name = textAt(settings, 'migrations', 'table') ?? '__drizzle_migrations'
  const table = quotedTable(name, schema)
  const { create, ...spec } = layout === 'journal' ? byTime(table, rows) : byNames(table, rows)
  return tableHistory(
    {
      ...spec,
      tables: [`${schema}.${name}`],
      create: [`create schema if not exists ${pg.escapeIdentifier(schema)}`, ...create],
    },
    migrations,
  )
}

/** Up to 0.x: rows are told apart by their time. */
const byTime = (table: string, rows: ReadonlyMap<string, DrizzleRow>) => ({
  table,
  create: [`create table if not exists ${table} (id serial primary key, hash text not null, created_at bigint)`],
  select: `select history.created_at::text as key from ${table} as history order by history.created_at`,
  keyOf: (id: string) => String(rows.get(id)?.when ?? id),
  insert: (when: string, migration: Migration) => ({
    text: `insert into ${table} (hash, created_at) values ($1, $2::bigint)`,
    values: [rows.get(migration.id)?.hash ?? '', when],
  }),
  remove: (when: string) => ({ text: `delete from ${table} where created_at::text = $1`, values: [when] }),
})

/** From 1.0: rows have the folder's name. A table of before is extended, as Drizzle does, and its rows are named. */
const byNames = (table: string, rows: ReadonlyMap<string, DrizzleRow>) => ({
  table,
  create: [
    `create table if not exists ${table} (
       id serial primary key,
       hash text not null,
       created_at bigint,
       name text,
       applied_at timestamp with time zone default now()
     )`,
    `alter table ${table} add column if not exists name text`,
    `alter table ${table} add column if not exists applied_at timestamp with time zone default now()`,
    ...[...rows].map(
      ([name, { hash }]) =>
        `update ${table} set name = ${pg.escapeLiteral(name)}, applied_at = null where hash = ${pg.escapeLiteral(hash)} and name is null`,
    ),
  ],
  // A table of before has no names yet, and asking what is applied must not extend it.
  select: `
    select coalesce(to_jsonb(history) ->> 'name', known.name) as key
      from ${table} as history
      left join (values ${[...rows].map(([name, { hash }]) => `(${pg.escapeLiteral(hash)}, ${pg.escapeLiteral(name)})`).join(', ') || '(null, null)'})
             as known (hash, name) on known.hash = history.hash
     where coalesce(to_jsonb(history) ->> 'name', known.name) is not null
     order by history.id`,
  keyOf: (id: string) => id,
  insert: (name: string) => ({
    text: `insert into ${table} (hash, created_at, name) values ($1, $2::bigint, $3)`,
    values: [rows.get(name)?.hash ?? '', rows.get(name)?.when ?? 0, name],
  }),
  remove: (name: string) => ({ text: `delete from ${table} where name = $1`, values: [name] }),
})
