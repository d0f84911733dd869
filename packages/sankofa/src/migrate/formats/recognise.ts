import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { formats } from './formats.ts'

/** The tools whose migrations the folder seems to hold, best first. */
export async function recognise(
  folder: Folder,
): Promise<readonly { readonly format: Format; readonly count: number }[]> {
  const counted = await Promise.all(formats.map(async (format) => ({ format, count: await format.count(folder) })))
  return counted.filter((one) => one.count > 0).sort((a, b) => b.count - a.count)
}

/** The nearest folder at or above with a package.json; else the one that holds the migrations. */
export function rootOf(directory: string): string {
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return dirname(directory)
  }
}
