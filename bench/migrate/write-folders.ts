import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Generated } from './generate/generate.ts'

/** The same migrations as each tool wants them. */
export type Folders = { readonly sankofa: string; readonly dbmate: string; readonly 'node-pg-migrate': string }

/** Any day will do; both tools order by these numbers. */
const firstDayMs = Date.UTC(2026, 0, 1)
const minuteMs = 60_000

export async function writeFolders(directory: string, migrations: readonly Generated[]): Promise<Folders> {
  const folders: Folders = {
    sankofa: join(directory, 'sankofa'),
    dbmate: join(directory, 'dbmate'),
    'node-pg-migrate': join(directory, 'node-pg-migrate'),
  }
  await mkdir(folders.dbmate, { recursive: true })
  await mkdir(folders['node-pg-migrate'], { recursive: true })
  for (const [index, { name, up, undo }] of migrations.entries()) {
    const own = join(folders.sankofa, name)
    await mkdir(own, { recursive: true })
    await writeFile(join(own, 'up.sql'), up)
    await writeFile(join(own, 'undo.sql'), undo)
    const atMs = firstDayMs + index * minuteMs
    const day = new Date(atMs).toISOString().slice(0, 19).replaceAll(/\D/g, '')
    await writeFile(join(folders.dbmate, `${day}_${name}.sql`), `-- migrate:up\n${up}\n-- migrate:down\n${undo}`)
    await writeFile(
      join(folders['node-pg-migrate'], `${atMs}_${name}.sql`),
      `-- Up Migration\n${up}\n-- Down Migration\n${undo}`,
    )
  }
  return folders
}
