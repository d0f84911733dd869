import { lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { SankofaError } from '../../../core/index.ts'
import { needsOwn } from './needs-own.ts'
import { linkOrCopy } from './seed.ts'

/** In a release's node_modules: a link to the folder of the store that it uses. By it the store knows what is still needed. */
export const storeLink = '.sankofa-store'

/**
 * Gives a release its node_modules: real folders (so that tools may write caches beside) of links into the store. A link of
 * the store that leads to a package of the project itself is made anew, to the release's own package. Node follows links
 * before it looks for what a package needs, and so finds that in the store.
 *
 * @returns how many links
 */
export async function linkModules(stored: string, folder: string): Promise<number> {
  const copied = await needsOwn(modulesOf(stored), await ownNames(stored))
  let links = 0
  const place = async (target: string, path: string): Promise<void> => {
    await symlink(target, path)
    links += 1
  }
  /** `from` is a node_modules (or a scope in it) of the store, `to` the same of the release. */
  const fill = async (from: string, to: string): Promise<void> => {
    await mkdir(to, { recursive: true })
    for (const entry of await readdir(from, { withFileTypes: true })) {
      const source = join(from, entry.name)
      const path = join(to, entry.name)
      const own = entry.isSymbolicLink() ? await ownPackage(stored, source) : undefined
      if (own !== undefined) {
        await mustBeShipped(join(folder, own), relative(folder, path))
        await place(relative(to, join(folder, own)) || '.', path)
      } else if (entry.name === '.bin') await fillPrograms(source, path)
      else if (entry.isDirectory() && entry.name.startsWith('@')) await fill(source, path)
      else if (copied.has(relative(modulesOf(stored), source).split(sep).join('/'))) await copyPackage(source, path)
      else await place(relative(to, source), path)
    }
  }
  /** Programs of packages: the links say `../package/program`, which is as true here, through this folder's own links. */
  const fillPrograms = async (from: string, to: string): Promise<void> => {
    await mkdir(to, { recursive: true })
    for (const entry of await readdir(from, { withFileTypes: true })) {
      const source = join(from, entry.name)
      await place(entry.isSymbolicLink() ? await readlink(source) : relative(to, source), join(to, entry.name))
    }
  }
  const walk = async (from: string, to: string): Promise<void> => {
    for (const entry of await readdir(from, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue
      if (entry.name === 'node_modules') await fill(join(from, entry.name), join(to, entry.name))
      else await walk(join(from, entry.name), join(to, entry.name))
    }
  }
  await walk(stored, folder)
  const modules = join(folder, 'node_modules')
  await mkdir(modules, { recursive: true })
  await symlink(relative(modules, stored), join(modules, storeLink))
  return links
}

const modulesOf = (folder: string): string => join(folder, 'node_modules')

/** Names of the project's own packages, as links at the top of the store tell them. */
async function ownNames(stored: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  const look = async (folder: string, scope: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name)
      if (entry.isSymbolicLink() && (await ownPackage(stored, path)) !== undefined) names.add(`${scope}${entry.name}`)
      else if (entry.isDirectory() && entry.name.startsWith('@')) await look(path, `${entry.name}/`)
    }
  }
  await look(modulesOf(stored), '')
  return names
}

/** A package of the store as part of the release, by hard links: what it needs it finds through the release's own links. */
async function copyPackage(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyPackage(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else await linkOrCopy(source, target)
  }
}

/** The project's own package that a link of the store leads to, relative to the project; `undefined` for installed ones. */
async function ownPackage(stored: string, path: string): Promise<string | undefined> {
  const target = relative(stored, resolve(dirname(path), await readlink(path)))
  const segments = target.split(sep)
  if (segments[0] === '..')
    throw new SankofaError('RELEASE_FILES_REFUSED', {
      source: 'its dependencies',
      files: [`${relative(stored, path)} links to ${target}, outside of the project`],
      more: 0,
    })
  return segments.includes('node_modules') ? undefined : target
}

async function mustBeShipped(path: string, as: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  )
  if (!isThere)
    throw new SankofaError('RELEASE_FILES_REFUSED', {
      source: 'its dependencies',
      files: [`${as} is a package of the project that is not shipped with it`],
      more: 0,
    })
}
