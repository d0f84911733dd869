import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Tool } from '../migration.ts'
import { openFolder } from './folder.ts'
import { manifestOf } from './module-files.ts'
import { recognise, rootOf } from './recognise.ts'

/** A folder of migrations in a project. */
export type FoundFolder = { readonly tool: Tool; readonly directory: string; readonly count: number }

/** Deep enough for `packages/api/src/db/migrations`, and an end for a folder that is no project. */
const deepest = 6
const mostFolders = 3_000

const passedOver = new Set(['node_modules', 'dist', 'build', 'coverage', 'target', 'vendor', 'tmp'])

/** Files by which the tools are set up, at or above the migrations. */
const settingsFiles: Readonly<Partial<Record<Tool, RegExp>>> = {
  sankofa: /^sankofa\.config\./,
  prisma: /^(schema\.prisma|prisma\.config\.\w+)$/,
  drizzle: /^drizzle\.config\./,
  knex: /^knexfile\./,
  typeorm: /^(data-?source|ormconfig|typeorm(\.config)?)\.\w+$/i,
  sequelize: /^\.sequelizerc$/,
  kysely: /^kysely\.config\./,
  diesel: /^diesel\.toml$/,
  flyway: /^flyway\.(conf|toml)$/,
}

/**
 * Looks through a project for folders of migrations: by what is in them, by the tools' settings files, and by what the
 * project depends on. Nothing of the project is run.
 *
 * @returns best first: the one whose tool the project is set up for, then the nearest, then the largest
 */
export async function findMigrations(root: string): Promise<readonly FoundFolder[]> {
  const top = resolve(root)
  const listed = new Map<string, readonly string[]>()
  const found: (FoundFolder & { readonly rank: number })[] = []
  const waiting: { readonly path: string; readonly depth: number }[] = [{ path: top, depth: 0 }]
  for (let next = waiting.shift(); next !== undefined && listed.size < mostFolders; next = waiting.shift()) {
    const { path, depth } = next
    const entries = await readdir(path, { withFileTypes: true }).catch((): Dirent[] => [])
    listed.set(
      path,
      entries.map((entry) => entry.name),
    )
    const here = mayHold(path, entries) ? await toolsOf(path) : []
    for (const { tool, count } of here) found.push({ tool, directory: path, count, rank: 0 })
    if (here.length > 0 || depth >= deepest) continue
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory() && !entry.name.startsWith('.') && !passedOver.has(entry.name))
        waiting.push({ path: join(path, entry.name), depth: depth + 1 })
    }
  }
  return found
    .map((one) => ({ ...one, rank: rankOf(one, top, listed) }))
    .sort((a, b) => b.rank - a.rank || b.count - a.count)
    .map(({ rank: _, ...one }) => one)
}

/** Cheap, before anything is opened: names that tools give, or a folder that is named for migrations. */
function mayHold(path: string, entries: readonly Dirent[]): boolean {
  if (/^(migrations?|migrate|drizzle)$/i.test(basename(path))) return entries.length > 0
  return entries.some(({ name }) => /^(\d+([._-].*)?[_.-]\w|[VU]\d[\w.]*__)/.test(name))
}

async function toolsOf(path: string): Promise<readonly { readonly tool: Tool; readonly count: number }[]> {
  const folder = await openFolder(path, rootOf(path))
  if (folder === undefined) return []
  const recognised = await recognise(folder)
  const most = recognised[0]?.count
  return recognised.filter(({ count }) => count === most).map(({ format, count }) => ({ tool: format.tool, count }))
}

function rankOf({ tool, directory }: FoundFolder, top: string, listed: ReadonlyMap<string, readonly string[]>): number {
  const settings = settingsFiles[tool]
  const inside = relative(top, directory).split(sep)
  const names = above(directory, top).flatMap((path) => [
    ...(listed.get(path) ?? []),
    ...(listed.get(join(path, 'src')) ?? []),
  ])
  const isSetUp = settings !== undefined && names.some((name) => settings.test(name))
  const manifest = manifestOf(rootOf(directory))
  const uses = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
  const isUsed = uses.some((name) => name === tool || name === `${tool}-cli` || name === `${tool}-kit`)
  const isExample = inside.some((name) => /^(tests?|__tests__|fixtures?|examples?|e2e|samples?|seeds?)$/i.test(name))
  return (isSetUp ? 100 : 0) + (isUsed ? 50 : 0) - (isExample ? 200 : 0) - inside.length
}

function above(directory: string, top: string): readonly string[] {
  const places: string[] = []
  for (let place = directory; ; place = dirname(place)) {
    places.push(place)
    if (place === top || place === dirname(place)) return places
  }
}
