import { chmod, constants, copyFile, link, lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { inParallel } from '../in-parallel.ts'
import type { Needed } from './package-manager.ts'

type Locked = {
  readonly version?: string
  readonly link?: boolean
  readonly optional?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
type Lock = { readonly packages?: Readonly<Record<string, Locked>> }

/** Folders that tools keep for themselves in node_modules; no install writes them. */
const isCache = (name: string): boolean => /^\.(?:cache|vite|vite-temp|vitest|vitest-cache|tmp)$/.test(name)

/**
 * Says why what is installed in `directory` may not stand for an install of the shipped lock file; `undefined` when it may:
 * npm's own record of it agrees with the lock file entry by entry, the lock file with every package.json, and the folders
 * hold the versions that the record says. What was edited in them by hand since is not seen.
 */
export async function seedProblem(directory: string, needed: Needed): Promise<string | undefined> {
  if (needed.manager.name !== 'npm') return `${needed.manager.name} keeps no record to compare`
  const record = await readLock(join(directory, 'node_modules', '.package-lock.json'))
  const lock = parseLock(needed.lock)
  if (record?.packages === undefined || lock?.packages === undefined)
    return 'nothing is installed there, or not by npm 7 or later'
  for (const [path, each] of Object.entries(record.packages))
    if (JSON.stringify(lock.packages[path]) !== JSON.stringify(each))
      return `${path} is installed otherwise than locked`
  for (const [path, each] of Object.entries(lock.packages)) {
    if (path !== '' && record.packages[path] === undefined && each.optional !== true) return `${path} is not installed`
    if (isPackageInside(path)) continue
    const shipped = needed.packages.get(path)
    if (shipped !== undefined && !agrees(shipped, each))
      return `${path === '' ? '.' : path}/package.json names other dependencies than the lock file`
  }
  let problem: string | undefined
  const installed = Object.entries(record.packages).filter(([path]) => isPackageInside(path))
  await inParallel(16, installed, async ([path, each]) => {
    const found = await installedVersion(join(directory, path))
    if (each.link === true ? found !== 'link' : found !== (each.version ?? found) || found === 'link')
      problem ??= `${path} is ${found}, not ${each.version ?? 'a folder'}`
  })
  return problem
}

const isPackageInside = (path: string): boolean => path.split('/').includes('node_modules')

async function readLock(path: string): Promise<Lock | undefined> {
  try {
    return parseLock(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

function parseLock(text: string): Lock | undefined {
  try {
    return JSON.parse(text) as Lock
  } catch {
    return undefined
  }
}

function agrees(shipped: Locked, locked: Locked): boolean {
  const all = (each: Locked): string =>
    JSON.stringify(
      Object.entries({ ...each.dependencies, ...each.devDependencies, ...each.optionalDependencies }).sort(
        ([a], [b]) => (a < b ? -1 : 1),
      ),
    )
  return all(shipped) === all(locked)
}

async function installedVersion(path: string): Promise<string> {
  try {
    if ((await lstat(path)).isSymbolicLink()) return 'link'
    const { version } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as { readonly version?: string }
    return version ?? 'without a version'
  } catch {
    return 'missing'
  }
}

/**
 * Takes over what is installed in `directory`, by hard links where the file system can. They are read-only afterwards, here
 * and there: an edit in place must not reach a running release, and package managers replace files, they do not edit them.
 * What is generated into folders with a dot in front (`.prisma`) is edited in place by its makers, and copied.
 */
export async function seedFrom(directory: string, into: string, needed: Needed): Promise<{ readonly files: number }> {
  // The project and its workspaces: every other folder is inside of somebody's node_modules.
  const roots = Object.keys(parseLock(needed.lock)?.packages ?? {}).filter((path) => !isPackageInside(path))
  const files: { readonly from: string; readonly to: string; readonly isGenerated: boolean }[] = []
  const links: { readonly target: string; readonly to: string }[] = []
  const folders: string[] = []
  const walk = async (from: string, to: string, at: 'top' | 'package' | 'generated'): Promise<void> => {
    folders.push(to)
    for (const entry of await readdir(from, { withFileTypes: true })) {
      if (at === 'top' && isCache(entry.name)) continue
      const source = join(from, entry.name)
      const target = join(to, entry.name)
      if (entry.isDirectory())
        await walk(
          source,
          target,
          at === 'top' && entry.name.startsWith('.') ? 'generated' : at === 'top' ? 'package' : at,
        )
      else if (entry.isSymbolicLink()) links.push({ target: await readlink(source), to: target })
      else if (entry.isFile()) files.push({ from: source, to: target, isGenerated: at === 'generated' })
    }
  }
  for (const root of roots) {
    const modules = join(directory, root, 'node_modules')
    const isThere = await lstat(modules).then(
      (stat) => stat.isDirectory(),
      () => false,
    )
    if (isThere) await walk(modules, join(into, root, 'node_modules'), 'top')
  }
  for (const folder of folders) await mkdir(folder, { recursive: true })
  for (const each of links) await symlink(each.target, each.to)
  await inParallel(32, files, ({ from, to, isGenerated }) =>
    isGenerated ? copyFile(from, to, constants.COPYFILE_FICLONE) : linkOrCopy(from, to),
  )
  return { files: files.length }
}

export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    // Another device, or a file of somebody else that must not be linked.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK') throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}

/** Files of the store cannot be written, so that no release alters what another runs; folders can, or nobody could delete them. */
export async function makeReadOnly(folder: string): Promise<void> {
  const files: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) files.push(join(entry.parentPath, entry.name))
  await inParallel(32, files, async (file) => {
    const { mode } = await lstat(file)
    if ((mode & 0o222) !== 0) await chmod(file, mode & 0o555)
  })
}
