import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Migration } from '../migration.ts'
import { type Entry, type Folder, readText } from './folder.ts'
import { type Format, type Found, sqlStep } from './format.ts'
import { tableHistory } from './table-history.ts'

/** Prisma Migrate: `20261120101500_name/migration.sql`. It has no way back; a `down.sql` beside it is taken as one. */
export const prisma: Format = {
  tool: 'prisma',
  looks: 'prisma: prisma/migrations/20261120101500_name/migration.sql',
  async count(folder) {
    return folder.entries.filter(isMigration).length
  },
  read,
}

// Drizzle's folders have a migration.sql as well, and a snapshot beside it.
const isMigration = (entry: Entry): boolean =>
  entry.children?.includes('migration.sql') === true && !entry.children.includes('snapshot.json')

async function read(folder: Folder): Promise<Found> {
  for (const entry of folder.entries) {
    if (entry.children === undefined || isMigration(entry)) continue
    folder.problems.push(`${entry.name} has no migration.sql. Write it, or delete the folder, as Prisma asks too.`)
  }
  const checksums = new Map<string, string>()
  const migrations: Migration[] = []
  for (const entry of folder.entries.filter(isMigration)) {
    const file = join(entry.path, 'migration.sql')
    checksums.set(
      entry.name,
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    )
    const down = entry.children?.includes('down.sql') ? await readText(folder, join(entry.path, 'down.sql')) : undefined
    migrations.push({
      id: entry.name,
      group: entry.name,
      up: sqlStep(await readText(folder, file), file),
      ...(down === undefined ? {} : { undo: sqlStep(down, join(entry.path, 'down.sql')) }),
    })
  }
  return { migrations, history: tableHistory(table(checksums), migrations) }
}

const table = (checksums: ReadonlyMap<string, string>) => ({
  table: '_prisma_migrations',
  tables: ['public._prisma_migrations'],
  create: [
    `create table if not exists _prisma_migrations (
       id varchar(36) primary key not null,
       checksum varchar(64) not null,
       finished_at timestamptz,
       migration_name varchar(255) not null,
       logs text,
       rolled_back_at timestamptz,
       started_at timestamptz not null default now(),
       applied_steps_count integer not null default 0
     )`,
  ],
  // Prisma leaves a failed attempt without finished_at, and one that a person resolved with rolled_back_at.
  select: `
    select migration_name as key
      from _prisma_migrations
     where finished_at is not null and rolled_back_at is null
     order by started_at, migration_name`,
  keyOf: (id: string) => id,
  insert: (name: string) => ({
    // An attempt of Prisma's own that failed would go on blocking it.
    text: `
      with resolved as (
        update _prisma_migrations
           set rolled_back_at = clock_timestamp()
         where migration_name = $3 and finished_at is null and rolled_back_at is null
      )
      insert into _prisma_migrations (id, checksum, started_at, finished_at, migration_name, applied_steps_count)
      values ($1, $2, clock_timestamp(), clock_timestamp(), $3, 1)`,
    values: [randomUUID(), checksums.get(name) ?? '', name],
  }),
  remove: (name: string) => ({
    text: 'delete from _prisma_migrations where migration_name = $1 and rolled_back_at is null',
    values: [name],
  }),
})
