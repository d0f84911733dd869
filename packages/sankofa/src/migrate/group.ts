import type { Migration } from './migration.ts'

/** Migrations that are proved, applied and taken back as one: one file, or a release of several. */
export type Group = { readonly id: string; readonly migrations: readonly Migration[] }

/** Neighbours with one group name belong together. The same name further down is another group's: it is refused where files are read. */
export function groupsOf(migrations: readonly Migration[]): readonly Group[] {
  const groups: { id: string; migrations: Migration[] }[] = []
  for (const migration of migrations) {
    const last = groups.at(-1)
    if (last?.id === migration.group) last.migrations.push(migration)
    else groups.push({ id: migration.group, migrations: [migration] })
  }
  return groups
}
