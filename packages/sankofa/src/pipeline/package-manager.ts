import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from './run-command.ts'
import type { Manifest } from './workspaces.ts'

export const packageManagers = ['npm', 'pnpm', 'yarn-classic', 'yarn-berry'] as const
export type PackageManager = (typeof packageManagers)[number]

export type ManagerCommands = {
  /** Exactly what the lock file says, and nothing else; fails when it does not agree with package.json. */
  readonly cleanInstall: Command
  /** Brings the lock file into line with package.json and installs. */
  readonly install: Command
  /** Known faults of what runs in production, as JSON. */
  readonly audit: Command
  /** What has newer versions, as JSON; absent where the manager has no such command. */
  readonly outdated?: Command
  run(script: string): Command
  /** A program of an installed package, never one fetched for the purpose. */
  exec(program: string, ...args: readonly string[]): Command
}

// Dev dependencies are asked for by name: NODE_ENV=production would leave out what lint and tests need.
const commandsOf: Readonly<Record<PackageManager, ManagerCommands>> = {
  npm: {
    cleanInstall: ['npm', 'ci', '--include=dev', '--no-audit', '--no-fund'],
    install: ['npm', 'install', '--include=dev', '--no-audit', '--no-fund'],
    audit: ['npm', 'audit', '--omit=dev', '--json'],
    outdated: ['npm', 'outdated', '--json'],
    run: (script) => ['npm', 'run', script],
    exec: (program, ...args) => ['npx', '--no', '--', program, ...args],
  },
  pnpm: {
    cleanInstall: ['pnpm', 'install', '--frozen-lockfile', '--prod=false'],
    install: ['pnpm', 'install', '--no-frozen-lockfile', '--prod=false'],
    audit: ['pnpm', 'audit', '--prod', '--json'],
    outdated: ['pnpm', 'outdated', '--recursive', '--format', 'json'],
    run: (script) => ['pnpm', 'run', script],
    exec: (program, ...args) => ['pnpm', 'exec', program, ...args],
  },
  'yarn-classic': {
    cleanInstall: ['yarn', 'install', '--frozen-lockfile', '--production=false', '--non-interactive'],
    install: ['yarn', 'install', '--production=false', '--non-interactive'],
    audit: ['yarn', 'audit', '--groups', 'dependencies', '--json'],
    outdated: ['yarn', 'outdated', '--json'],
    run: (script) => ['yarn', 'run', script],
    exec: (program, ...args) => ['yarn', 'run', program, ...args],
  },
  'yarn-berry': {
    cleanInstall: ['yarn', 'install', '--immutable'],
    install: ['yarn', 'install', '--no-immutable'],
    audit: ['yarn', 'npm', 'audit', '--all', '--recursive', '--environment', 'production', '--json'],
    run: (script) => ['yarn', 'run', script],
    exec: (program, ...args) => ['yarn', 'run', program, ...args],
  },
}

const lockFiles = [
  { file: 'npm-shrinkwrap.json', manager: 'npm' },
  { file: 'package-lock.json', manager: 'npm' },
  { file: 'pnpm-lock.yaml', manager: 'pnpm' },
  { file: 'yarn.lock', manager: 'yarn' },
] as const
const foreignLocks = { 'bun.lock': 'Bun', 'bun.lockb': 'Bun', 'deno.lock': 'Deno' } as const

export type Managed = {
  readonly manager: PackageManager
  readonly lockFile?: string
  readonly commands: ManagerCommands
}

/** The package manager is the one whose lock file is there. @param problems - gets what is wrong */
export function readManager(
  root: string,
  { packageManager }: Manifest,
  needsInstall: boolean,
  problems: string[],
): Managed | undefined {
  const [named] = packageManager?.split('@') ?? []
  const found = lockFiles.filter(({ file }) => existsSync(join(root, file)))
  // npm itself takes the shrinkwrap and ignores the other.
  const managers = new Set(found.map(({ manager }) => manager))
  const chosen = managers.size > 1 ? found.find(({ manager }) => manager === named) : found[0]
  if (chosen !== undefined) {
    const lockFile = join(root, chosen.file)
    const manager = chosen.manager === 'yarn' ? yarnOf(lockFile) : chosen.manager
    return { manager, lockFile, commands: commandsOf[manager] }
  }
  if (managers.size > 1) {
    problems.push(
      `There are lock files of several package managers: ${found.map(({ file }) => file).join(', ')}. Delete those you do not use, or name yours in package.json: "packageManager": "npm@11.0.0".`,
    )
    return undefined
  }
  const foreign = Object.entries(foreignLocks).find(([file]) => existsSync(join(root, file)))
  if (foreign !== undefined) {
    problems.push(`${foreign[0]} is a lock file of ${foreign[1]}, which is not known here. Known: npm, pnpm, yarn.`)
    return undefined
  }
  if (needsInstall) {
    const install = named === 'pnpm' || named === 'yarn' ? `${named} install` : 'npm install'
    problems.push(
      `There is no lock file, so every install could bring other versions. Run "${install}" and commit the lock file it writes.`,
    )
    return undefined
  }
  return { manager: 'npm', commands: commandsOf.npm }
}

/** Yarn 2 and later begin theirs with `__metadata:`. */
const yarnOf = (lockFile: string): PackageManager =>
  /^__metadata:/m.test(readFileSync(lockFile, 'utf8')) ? 'yarn-berry' : 'yarn-classic'
