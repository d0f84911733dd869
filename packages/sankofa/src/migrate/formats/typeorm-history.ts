import type { History, Migration } from '../migration.ts'
import { quotedTable } from './quoted.ts'
import { tableHistory } from './table-history.ts'
import type { DataSourceOptions } from './typeorm-settings.ts'

/** TypeORM's table, under the name and in the schema that the data source gives it. */
export function typeormHistory(options: DataSourceOptions, migrations: readonly Migration[]): History {
  const { migrationsTableName: name = 'migrations', schema } = options
  const table = quotedTable(name, schema)
  return tableHistory(
    {
      table,
      tables: [name, 'typeorm_metadata'].map((one) => `${schema ?? 'public'}.${one}`),
      create: [
        ...extensions(options, migrations),
        `create table if not exists ${table} (
           id serial not null,
           "timestamp" bigint not null,
           name character varying not null,
           primary key (id)
         )`,
      ],
      select: `select history.name as key from ${table} as history order by history.id`,
      keyOf: (id) => id,
      insert: (name) => ({
        text: `insert into ${table} ("timestamp", name) values ($1::bigint, $2)`,
        values: [Number.parseInt(name.slice(-13), 10), name],
      }),
      remove: (name) => ({ text: `delete from ${table} where name = $1`, values: [name] }),
    },
    migrations,
  )
}

/**
 * TypeORM creates the extension for generated UUIDs when it connects, not in a migration: the migrations that it
 * generates rely on it.
 */
function extensions({ uuidExtension }: DataSourceOptions, migrations: readonly Migration[]): readonly string[] {
  const uses = (name: string) => migrations.some(({ up }) => up.kind === 'code' && up.source.includes(name))
  if (uses('uuid_generate_v4(') && uuidExtension !== 'pgcrypto') return ['create extension if not exists "uuid-ossp"']
  return []
}
