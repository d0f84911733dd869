import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** One thing in a folder of migrations. Links are followed. */
export type Entry = {
  readonly name: string
  readonly path: string
  /** Absent for a file. */
  readonly children?: readonly string[]
}

/** A folder of migrations on its way to being read. */
export type Folder = {
  readonly directory: string
  /** Of the project: where its modules are resolved from. */
  readonly root: string
  /** By name; without those that begin with a dot. */
  readonly entries: readonly Entry[]
  /** What was found wrong, all of it: reported at once. */
  readonly problems: string[]
  /** By path: recognising reads what reading reads again. */
  readonly texts: Map<string, string>
}

/** @returns `undefined` where there is no such folder */
export async function openFolder(directory: string, root: string): Promise<Folder | undefined> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (names === undefined) return undefined
  const problems: string[] = []
  const entries: Entry[] = []
  for (const name of names.filter((candidate) => !candidate.startsWith('.')).sort(byName)) {
    const path = join(directory, name)
    const found = await stat(path).catch(() => undefined)
    // A link that leads nowhere may well be a migration: leaving it out would be silent.
    if (found === undefined) problems.push(`${name} is a link that leads nowhere. Mend or delete it.`)
    else if (found.isDirectory()) entries.push({ name, path, children: (await readdir(path)).sort(byName) })
    else if (found.isFile()) entries.push({ name, path })
  }
  return { directory, root, entries, problems, texts: new Map() }
}

/** Order of code units, which for the names that tools generate is the order of bytes; never that of a locale. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Reads a text as PostgreSQL has to see it: UTF-8 without the byte order mark that some editors write first.
 * What is no UTF-8 is noted as a problem, since it would reach the database altered.
 */
export async function readText(folder: Folder, path: string): Promise<string> {
  const known = folder.texts.get(path)
  if (known !== undefined) return known
  const text = decode(await readFile(path))
  if (text === undefined) folder.problems.push(`${path} is not UTF-8. Save it as UTF-8.`)
  folder.texts.set(path, text ?? '')
  return text ?? ''
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Notes each version that more than one migration has, with the names of all of them. */
export function refuseTwins(
  folder: Folder,
  versions: readonly { readonly version: string; readonly name: string }[],
): void {
  const named = Map.groupBy(versions, (one) => one.version)
  for (const [version, twins] of named) {
    if (twins.length < 2) continue
    folder.problems.push(`${twins.map((twin) => twin.name).join(' and ')} have one version, ${version}. Rename one.`)
  }
}
