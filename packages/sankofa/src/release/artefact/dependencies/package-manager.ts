import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SankofaError } from '../../../core/index.ts'
import type { ShippedFile } from '../file-list.ts'

export type PackageManager = {
  readonly name: 'npm' | 'pnpm' | 'yarn'
  readonly lockFile: string
  /** Installs what the lock file says, and fails where it does not fit package.json. */
  install(options: {
    readonly omitDev: boolean
    readonly hasWorkspaceFile: boolean
    readonly lock: string
  }): readonly string[]
}

const managers: readonly PackageManager[] = [
  {
    name: 'npm',
    lockFile: 'npm-shrinkwrap.json',
    install: ({ omitDev }) => npm(omitDev),
  },
  {
    name: 'npm',
    lockFile: 'package-lock.json',
    install: ({ omitDev }) => npm(omitDev),
  },
  {
    name: 'pnpm',
    lockFile: 'pnpm-lock.yaml',
    install: ({ omitDev, hasWorkspaceFile }) => [
      'pnpm',
      'install',
      '--frozen-lockfile',
      // Its own store is shared by hard links; making ours read-only must not reach into it.
      '--package-import-method=copy',
      '--config.confirmModulesPurge=false',
      `--prod=${omitDev}`,
      ...(hasWorkspaceFile ? [] : ['--ignore-workspace']),
    ],
  },
  {
    name: 'yarn',
    lockFile: 'yarn.lock',
    install: ({ omitDev, lock }) =>
      // Only Yarn 2 and later write that word; they have no option to leave development dependencies out.
      lock.includes('__metadata:')
        ? ['yarn', 'install', '--immutable']
        : ['yarn', 'install', '--frozen-lockfile', '--non-interactive', `--production=${omitDev}`],
  },
]

// `--include=dev`: NODE_ENV=production of whoever ships must not take away what a TypeScript service runs on.
const npm = (omitDev: boolean): readonly string[] => [
  'npm',
  'ci',
  ...(omitDev ? ['--omit=dev'] : ['--include=dev']),
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--no-progress',
]

type PackageFile = {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly workspaces?: unknown
}

/** What the install of a release depends on. `undefined`: nothing is to be installed. */
export type Needed = {
  readonly manager: PackageManager
  readonly lock: string
  /** Names what comes out of it: lock file, its settings, Node, platform; for some projects all that is shipped, see below. */
  readonly key: string
  readonly packages: ReadonlyMap<string, PackageFile>
  /**
   * The project has install scripts of its own, or packages that its package manager copies: what is installed depends on
   * its sources, so it is shared with no other content.
   */
  readonly ofItsOwn: string | undefined
}

const lifecycle = [
  'preinstall',
  'install',
  'postinstall',
  'preprepare',
  'prepare',
  'postprepare',
  'prepublish',
] as const
/** Files beside the lock file that decide what an install does. */
const settingsFiles = ['.npmrc', '.yarnrc', '.yarnrc.yml', 'pnpm-workspace.yaml', '.pnpmfile.cjs'] as const

/** @throws SankofaError `DEPENDENCIES_UNLOCKED`, `RELEASE_SOURCE_WRONG` */
export async function whatIsNeeded(options: {
  readonly source: string
  readonly folder: string
  readonly files: readonly ShippedFile[]
  readonly digest: string
  readonly omitDev: boolean
}): Promise<Needed | undefined> {
  const { folder, files } = options
  const shipped = new Map(files.map((file) => [file.path, file]))
  const packages = new Map<string, PackageFile>()
  for (const { path } of files)
    if (path === 'package.json' || path.endsWith('/package.json'))
      packages.set(
        path.slice(0, -'package.json'.length).replace(/\/$/, ''),
        await readPackage(folder, path, options.source),
      )
  const root = packages.get('')
  if (root === undefined) return undefined
  const manager = managers.find((each) => shipped.has(each.lockFile))
  if (manager === undefined) {
    const names = Object.keys({ ...root.dependencies, ...root.devDependencies, ...root.optionalDependencies })
    if (names.length === 0 && root.workspaces === undefined) return undefined
    throw new SankofaError('DEPENDENCIES_UNLOCKED', {
      source: options.source,
      reason: `package.json names ${names.length} dependencies (${names.slice(0, 3).join(', ')}), and no lock file is beside it`,
      next: 'Run "npm install" (or pnpm, yarn) and commit package-lock.json, pnpm-lock.yaml or yarn.lock with it.',
    })
  }
  const lock = await readFile(join(folder, manager.lockFile), 'utf8')
  // Which of the folders below are workspaces is the package manager's business: a sample counted as one costs an install, a
  // workspace not counted would share a wrong one.
  const hasWorkspaces = root.workspaces !== undefined || shipped.has('pnpm-workspace.yaml')
  const ofItsOwn = whyOfItsOwn(manager, packages, hasWorkspaces, lock)
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        manager.lockFile,
        shipped.get(manager.lockFile)?.sha256,
        settingsFiles.map((name) => shipped.get(name)?.sha256 ?? null),
        // With the lock file these decide whether a strict install succeeds at all.
        [...packages]
          .filter(([path]) => path === '' || hasWorkspaces)
          .map(([path, each]) => [path, dependenciesOf(each)]),
        process.versions.node,
        platform,
        options.omitDev,
        ofItsOwn === undefined ? null : options.digest,
      ]),
    )
    .digest('hex')
  return { manager, lock, key, packages, ofItsOwn }
}

export const platform = `${process.platform}-${process.arch}`

const dependenciesOf = (each: PackageFile): unknown => [
  each.dependencies ?? {},
  each.devDependencies ?? {},
  each.optionalDependencies ?? {},
]

function whyOfItsOwn(
  manager: PackageManager,
  packages: ReadonlyMap<string, PackageFile>,
  hasWorkspaces: boolean,
  lock: string,
): string | undefined {
  for (const [path, { scripts = {} }] of packages) {
    const script = lifecycle.find((name) => scripts[name] !== undefined)
    if (script !== undefined && (path === '' || hasWorkspaces))
      return `${path === '' ? 'package.json' : `${path}/package.json`} has a script "${script}"`
  }
  if (manager.name !== 'npm' && /\bfile:/.test(lock)) return 'its lock file names packages by "file:"'
  return undefined
}

async function readPackage(folder: string, path: string, source: string): Promise<PackageFile> {
  const text = await readFile(join(folder, path), 'utf8')
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null ? (found as PackageFile) : {}
  } catch (error) {
    // A broken sample somewhere below is nobody's business; the project's own is.
    if (path !== 'package.json') return {}
    const reason = `package.json is no JSON (${error instanceof Error ? error.message : String(error)})`
    throw new SankofaError('RELEASE_SOURCE_WRONG', { source, reason, next: 'Mend it.' }, { cause: error })
  }
}
