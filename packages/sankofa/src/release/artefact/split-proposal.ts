import { posix } from 'node:path'
import { type ChangedFile, type ChangeSize, linesOf } from './measure-size.ts'
import { type Git, openGit, readBlobs } from './size/git.ts'
import { migrationOf } from './size/migrations.ts'
import { topFolder } from './what-is-new.ts'

export type Budget = {
  readonly lines?: number
  readonly files?: number
  readonly migrations?: number
  readonly flags?: number
  /** Named in a package.json. */
  readonly dependencies?: number
}

/** What is above the budget, in words; empty when nothing is. */
export function overBudget(size: ChangeSize, budget: Budget): readonly string[] {
  const found = {
    lines: size.lines,
    files: size.files,
    migrations: size.migrations.length,
    flags: size.flags.length,
    dependencies: size.dependencies.filter((each) => each.named).length,
  }
  return Object.entries(found).flatMap(([name, count]) => {
    const limit = budget[name as keyof Budget]
    return limit !== undefined && count > limit ? [`${count} ${name}, the budget is ${limit}`] : []
  })
}

export type SplitPart = {
  readonly title: string
  readonly kind: 'migration' | 'dependencies' | 'code'
  readonly files: readonly string[]
  readonly lines: number
  /** A flag around it, so that it goes out dark and is shown a little at a time. */
  readonly flag?: string
  /** It is still above the budget by itself. */
  readonly isTooLarge: boolean
}

export type SplitProposal = {
  /** In the order in which they may go out. */
  readonly parts: readonly SplitPart[]
  /** What the proposal rests on, and does not know. */
  readonly rule: string
}

const rule =
  'Migrations first, each by itself (one that says "contract" last). Then dependencies. Changed files that import one another, ' +
  'before or after the change, stay together; what is left is grouped by folder. Imports are read from the text of changed ' +
  'files; what they do to one another in other ways (settings, the database, HTTP) is not seen.'

/** Proposes how a change that is too large may go out in parts. */
export async function proposeSplit(options: {
  readonly repository: string
  readonly size: ChangeSize
  readonly budget: Budget
  readonly migrations?: readonly string[]
  readonly signal?: AbortSignal
}): Promise<SplitProposal> {
  const { size, budget } = options
  const git = openGit(options.repository, options.signal)
  const migrationFiles = Map.groupBy(size.changed, (file) => migrationOf(file.path, options.migrations) ?? '')
  const isDependencies = (file: ChangedFile): boolean => /(?:^|\/)package\.json$/.test(file.path)
  const rest = migrationFiles.get('') ?? []
  const bumps = size.dependencies.length === 0 ? [] : rest.filter(isDependencies)
  const code = rest.filter((file) => !bumps.includes(file))
  const part = (title: string, kind: SplitPart['kind'], files: readonly ChangedFile[]): SplitPart => {
    const lines = files.reduce((sum, file) => sum + linesOf(file), 0)
    return {
      title,
      kind,
      files: files.map((file) => file.path).sort(),
      lines,
      ...(kind === 'code' ? { flag: flagName(title) } : {}),
      isTooLarge: lines > (budget.lines ?? Infinity) || files.length > (budget.files ?? Infinity),
    }
  }
  const migrations = size.migrations.map((name) => part(name, 'migration', migrationFiles.get(name) ?? []))
  const contracts = await contracting(git, size.to, migrations)
  const parts = [
    ...migrations.filter((each) => !contracts.has(each.title)),
    ...(bumps.length === 0 ? [] : [part('dependencies', 'dependencies', bumps)]),
    ...(await independent(git, size, code, budget)).map(({ title, files }) => part(title, 'code', files)),
    ...migrations.filter((each) => contracts.has(each.title)),
  ]
  return { parts, rule }
}

/** Migrations whose first lines say that they take something away: they wait for the code that no longer needs it. */
async function contracting(git: Git, to: string, parts: readonly SplitPart[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  const texts = await readBlobs(
    git,
    parts.flatMap((each) => each.files.map((file) => `${to}:${file}`)),
  )
  for (const each of parts)
    if (each.files.some((file) => /\bcontract\b/i.test((texts.get(`${to}:${file}`) ?? '').slice(0, 500))))
      found.add(each.title)
  return found
}

type Group = { readonly title: string; readonly files: readonly ChangedFile[] }

async function independent(
  git: Git,
  size: ChangeSize,
  files: readonly ChangedFile[],
  budget: Budget,
): Promise<readonly Group[]> {
  const components = await connected(git, size, files)
  const byFolder = Map.groupBy(components, (component) => folderOf(component))
  const groups: Group[] = []
  for (const [folder, inFolder] of [...byFolder].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // As many as fit into the budget go together: a part for each file would help nobody.
    let current: ChangedFile[] = []
    const parts: ChangedFile[][] = []
    for (const component of [...inFolder].sort((a, b) => total(b) - total(a))) {
      const together = [...current, ...component]
      const fits = total(together) <= (budget.lines ?? Infinity) && together.length <= (budget.files ?? Infinity)
      if (current.length > 0 && !fits) {
        parts.push(current)
        current = [...component]
      } else current = together
    }
    if (current.length > 0) parts.push(current)
    for (const [index, part] of parts.entries())
      groups.push({ title: parts.length === 1 ? folder : `${folder} (${index + 1} of ${parts.length})`, files: part })
  }
  return groups
}

const total = (files: readonly ChangedFile[]): number => files.reduce((sum, file) => sum + linesOf(file), 0)

/** The folder that has most of it. */
function folderOf(files: readonly ChangedFile[]): string {
  const lines = new Map<string, number>()
  for (const file of files) {
    const folder = topFolder(file.path)
    lines.set(folder, (lines.get(folder) ?? 0) + linesOf(file) + 1)
  }
  return [...lines].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? '.'
}

/** Changed files in groups between which there is no import, neither before nor after. */
async function connected(git: Git, size: ChangeSize, files: readonly ChangedFile[]): Promise<readonly ChangedFile[][]> {
  const byName = new Map<string, ChangedFile>()
  for (const file of files) for (const name of [file.path, file.was ?? file.path]) byName.set(name, file)
  const names = [...byName.keys()].filter((name) => isCode.test(name))
  const texts = await readBlobs(
    git,
    names.flatMap((name) => [`${size.from}:${name}`, `${size.to}:${name}`]),
  )
  const packages = await packagesAt(git, size.to)
  const leader = new Map<ChangedFile, ChangedFile>(files.map((file) => [file, file]))
  const find = (file: ChangedFile): ChangedFile => {
    const up = leader.get(file) ?? file
    return up === file ? file : find(up)
  }
  for (const name of names) {
    const file = byName.get(name)
    if (file === undefined) continue
    const text = `${texts.get(`${size.from}:${name}`) ?? ''}\n${texts.get(`${size.to}:${name}`) ?? ''}`
    for (const target of importsOf(name, text, [...byName.keys()], packages)) {
      const other = byName.get(target)
      if (other !== undefined) leader.set(find(file), find(other))
    }
  }
  return [...Map.groupBy(files, find).values()]
}

const isCode = /\.[cm]?[jt]sx?$|\.(?:vue|svelte|astro)$/

function importsOf(
  from: string,
  text: string,
  changed: readonly string[],
  packages: ReadonlyMap<string, string>,
): readonly string[] {
  const specifiers = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*(['"`])([^'"`\n]+)\1/g)].map(
    (match) => match[2] ?? '',
  )
  return specifiers.flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      const target = posix.normalize(posix.join(posix.dirname(from), specifier))
      const bare = target.replace(/\.[cm]?jsx?$/, '')
      return changed.filter((name) => {
        const stem = name.replace(/\.[^./]+$/, '')
        return name === target || stem === bare || stem === target || stem === `${target}/index`
      })
    }
    // A package of the project by its name: all of its changed files, since its exports may lead to any of them.
    const folder = [...packages].find(([name]) => specifier === name || specifier.startsWith(`${name}/`))?.[1]
    return folder === undefined || from.startsWith(`${folder}/`)
      ? []
      : changed.filter((name) => name.startsWith(`${folder}/`))
  })
}

async function packagesAt(git: Git, commit: string): Promise<ReadonlyMap<string, string>> {
  const paths = (await git('ls-tree', '-r', '-z', '--name-only', '--full-tree', commit))
    .split('\0')
    .filter((path) => path.endsWith('/package.json') && !path.includes('node_modules/'))
  const texts = await readBlobs(
    git,
    paths.map((path) => `${commit}:${path}`),
  )
  return new Map(
    paths.flatMap((path) => {
      const name = /"name"\s*:\s*"([^"]+)"/.exec(texts.get(`${commit}:${path}`) ?? '')?.[1]
      return name === undefined ? [] : [[name, posix.dirname(path)] as const]
    }),
  )
}

const flagName = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'part'
