import { type Git, readBlobs } from './git.ts'

export type DependencyChange = {
  readonly name: string
  /** `undefined`: it was not there. */
  readonly from: string | undefined
  readonly to: string | undefined
  /** Named in a package.json, or only brought along by one that is. */
  readonly named: boolean
}

const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const

/** Of all package.json and lock files among `paths`, by name. */
export async function dependencyChanges(
  git: Git,
  from: string,
  to: string,
  paths: readonly string[],
): Promise<readonly DependencyChange[]> {
  const manifests = paths.filter((path) => /(?:^|\/)package\.json$/.test(path))
  const locks = paths.filter((path) => lockReader(path) !== undefined)
  const texts = await readBlobs(
    git,
    [...manifests, ...locks].flatMap((path) => [`${from}:${path}`, `${to}:${path}`]),
  )
  const changes = new Map<string, DependencyChange>()
  for (const path of manifests)
    for (const [name, versions] of compare(namedIn(texts.get(`${from}:${path}`)), namedIn(texts.get(`${to}:${path}`))))
      changes.set(name, { name, ...versions, named: true })
  for (const path of locks) {
    const read = lockReader(path)
    if (read === undefined) continue
    for (const [name, versions] of compare(
      read(texts.get(`${from}:${path}`) ?? ''),
      read(texts.get(`${to}:${path}`) ?? ''),
    ))
      if (!changes.has(name)) changes.set(name, { name, ...versions, named: false })
  }
  return [...changes.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

type Versions = ReadonlyMap<string, string>

function* compare(
  before: Versions,
  after: Versions,
): Generator<readonly [string, { readonly from: string | undefined; readonly to: string | undefined }]> {
  for (const name of new Set([...before.keys(), ...after.keys()]))
    if (before.get(name) !== after.get(name)) yield [name, { from: before.get(name), to: after.get(name) }]
}

function namedIn(text: string | undefined): Versions {
  const found = new Map<string, string>()
  const value = parse(text) as Partial<Record<(typeof groups)[number], Readonly<Record<string, string>>>>
  for (const group of groups) for (const [name, range] of Object.entries(value[group] ?? {})) found.set(name, range)
  return found
}

function parse(text: string | undefined): object {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function lockReader(path: string): ((text: string) => Versions) | undefined {
  if (/(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(path)) return npmLock
  if (/(?:^|\/)pnpm-lock\.yaml$/.test(path))
    return (text) => several(text.matchAll(/^ {2}['/]?(@?[^@\s'(]+)@([^:('\s]+).*:$/gm))
  if (/(?:^|\/)yarn\.lock$/.test(path))
    return (text) => several(text.matchAll(/^"?(@?[^@\s"]+)@.*:\n(?: {2}.*\n)*? {2}version:? "?([^"\s]+)"?/gm))
  return undefined
}

function npmLock(text: string): Versions {
  const { packages = {} } = parse(text) as {
    readonly packages?: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>>
  }
  const inside = 'node_modules/'
  const found = Object.entries(packages).filter(([path, each]) => path.includes(inside) && each.link !== true)
  return several(
    found.map(([path, each]) => ['', path.slice(path.lastIndexOf(inside) + inside.length), each.version ?? '']),
  )
}

/** A name may be installed in several versions. */
function several(entries: Iterable<readonly string[]>): Versions {
  const all = new Map<string, Set<string>>()
  for (const [, name = '', version = ''] of entries) {
    const versions = all.get(name) ?? new Set<string>()
    all.set(name, versions.add(version))
  }
  return new Map([...all].map(([name, versions]) => [name, [...versions].sort().join(', ')]))
}
