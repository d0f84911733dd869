import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of migrations in our own format, written as told; `undo` may be left out. */
export async function migrationsFolder(
  migrations: Readonly<Record<string, { readonly up: string; readonly undo?: string }>>,
): Promise<{ readonly directory: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'sankofa-migrations-'))
  for (const [id, { up, undo }] of Object.entries(migrations)) {
    await mkdir(join(directory, id))
    await writeFile(join(directory, id, 'up.sql'), up)
    if (undo !== undefined) await writeFile(join(directory, id, 'undo.sql'), undo)
  }
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) }
}
