import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Folder } from './folder.ts'
import { isRecord, loadProjectModule } from './load-module.ts'

/**
 * A tool's own settings file: the nearest between the migrations and the project's root whose name fits.
 *
 * @returns what it exports by default; `undefined` where there is none, or it cannot be loaded outside of the tool
 */
export async function findSettings(folder: Folder, name: RegExp): Promise<unknown> {
  for (const place of upwards(folder)) {
    const found = (await readdir(place).catch(() => [])).filter((candidate) => name.test(candidate)).sort()[0]
    if (found !== undefined) return loadSettings(join(place, found))
  }
  return undefined
}

async function loadSettings(path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8'))
    const loaded = await loadProjectModule(path)
    return loaded.default ?? loaded
  } catch {
    // Such files ask for environment variables that only the tool's own command has: its defaults hold then.
    return undefined
  }
}

/** From the migrations up to the root, and no further; only the root where they lie outside of it. */
function upwards({ directory, root }: Folder): readonly string[] {
  if (relative(root, directory).startsWith('..')) return [root]
  const places: string[] = []
  for (let place = directory; ; place = dirname(place)) {
    places.push(place)
    if (place === root || place === dirname(place)) return places
  }
}

export type Settings = Readonly<Record<string, unknown>>

/**
 * Settings are of one environment, or of several by name. The one of `NODE_ENV` counts; where that has none of its own,
 * such as `test` in a CI, the one for development: table names hardly ever differ.
 */
export function ofThisEnvironment(settings: unknown): Settings {
  if (!isRecord(settings)) return {}
  const isSeveral = Object.values(settings).every(isRecord)
  const named = settings[process.env.NODE_ENV ?? 'development'] ?? (isSeveral ? settings.development : undefined)
  return isRecord(named) ? named : settings
}

/** A setting inside of others, when it is a text that is not empty. */
export function textAt(settings: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(settings, ...path)
  return typeof found === 'string' && found !== '' ? found : undefined
}

export function valueAt(settings: unknown, ...path: readonly string[]): unknown {
  let found = settings
  for (const name of path) found = isRecord(found) ? found[name] : undefined
  return found
}
