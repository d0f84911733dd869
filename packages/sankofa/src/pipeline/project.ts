import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import semver from 'semver'
import { SankofaError } from '../core/index.ts'
import { type ManagerCommands, type PackageManager, readManager } from './package-manager.ts'
import { findTop, type Manifest, type PackageFolder, readManifest, workspacesOf } from './workspaces.ts'

export type Scripts = {
  readonly lint?: string
  readonly typecheck?: string
  readonly test?: string
  readonly build?: string
}

export type Project = {
  readonly name: string
  /** Where the scripts run: the folder that was asked for, or the next one above that has a package.json. */
  readonly directory: string
  /** Of the whole monorepo: here the lock file lies and here is installed. The same as `directory` in a plain project. */
  readonly root: string
  readonly manager: PackageManager
  /** Absent where there is nothing to install. */
  readonly lockFile?: string
  readonly commands: ManagerCommands
  /** Names of the project's own scripts; absent where it has none for this. */
  readonly scripts: Scripts
  /** Root first; the root alone in a plain project. */
  readonly packages: readonly PackageFolder[]
  readonly node: NodeNeeds
}

export type NodeNeeds = {
  /** A version or range as it is written. */
  readonly wanted?: string
  /** Relative to `root`. */
  readonly from?: '.nvmrc' | '.node-version' | 'package.json'
  readonly present: string
  readonly fits: boolean
}

/** The first of these that a project has is its script for this. */
const namesOf = {
  lint: ['lint', 'check'],
  typecheck: ['typecheck', 'type-check', 'check-types', 'check:types', 'types', 'tsc'],
  test: ['test'],
  build: ['build'],
} as const satisfies Record<keyof Scripts, readonly string[]>

/**
 * Reads what a project says of itself: how it is installed, its own scripts, its workspaces, the Node it wants.
 *
 * @throws SankofaError `PROJECT_WRONG` with everything that is wrong at once
 */
export function readProject(directory: string): Project {
  const { own, top } = findTop(realpathSync(directory))
  const manifest = readManifest(own)
  const rootManifest = own === top ? manifest : readManifest(top)
  const problems: string[] = []
  const packages = workspacesOf(top, rootManifest, problems)
  const needsInstall = packages.some(({ manifest: one }) => hasDependencies(one))
  const managed = readManager(top, rootManifest, needsInstall, problems)
  const node = nodeNeeds(top, rootManifest)
  if (managed === undefined || problems.length > 0)
    throw new SankofaError('PROJECT_WRONG', { directory: top, problems })
  return {
    name: manifest.name ?? rootManifest.name ?? 'unnamed',
    directory: own,
    root: top,
    ...managed,
    scripts: scriptsOf(manifest),
    packages,
    node,
  }
}

const hasDependencies = (manifest: Manifest): boolean =>
  [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].some(
    (one) => Object.keys(one ?? {}).length > 0,
  )

function scriptsOf({ scripts = {} }: Manifest): Scripts {
  const found: Partial<Record<keyof Scripts, string>> = {}
  for (const [purpose, names] of Object.entries(namesOf) as [keyof Scripts, readonly string[]][]) {
    const name = names.find((one) => isReal(scripts[one]) && !Object.values(found).includes(one))
    if (name !== undefined) found[purpose] = name
  }
  return found
}

/** Neither npm's placeholder, nor one that would call this pipeline again. */
const isReal = (script: string | undefined): boolean =>
  script !== undefined &&
  script.trim() !== '' &&
  !script.includes('no test specified') &&
  !/\bsankofa (check|ship)\b/.test(script)

function nodeNeeds(root: string, manifest: Manifest): NodeNeeds {
  const present = process.versions.node
  for (const from of ['.nvmrc', '.node-version'] as const) {
    const file = join(root, from)
    if (!existsSync(file)) continue
    const wanted = readFileSync(file, 'utf8').trim().replace(/^v/, '')
    // A name such as "lts/*" is nothing that could be compared here.
    const range = semver.validRange(wanted)
    return { wanted, from, present, fits: range === null || semver.satisfies(present, range) }
  }
  const wanted = manifest.engines?.node
  if (wanted === undefined) return { present, fits: true }
  const range = semver.validRange(wanted)
  return { wanted, from: 'package.json', present, fits: range !== null && semver.satisfies(present, range) }
}
