import { readdir, readFile, readlink, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ReleaseId } from '../../core/index.ts'
import type { Layout } from '../layout.ts'
import { storeLink } from './dependencies/link-modules.ts'
import { isAlive, isPart, type Maker, makerOf, partName } from './maker.ts'
import { listReleases, namesIn } from './read-release.ts'

/**
 * Deletes releases that are neither in use nor among the newest `keep`, folders of the store that no release uses any more,
 * and what makers that were killed left. `current` is always in use; what is damaged is left to a person.
 *
 * @returns the releases that went
 */
export async function pruneReleases(
  layout: Layout,
  options: { readonly keep: number; readonly inUse: readonly ReleaseId[] },
): Promise<readonly ReleaseId[]> {
  await clearParts(layout.releases)
  await clearParts(layout.store)
  const current = await readlink(layout.current).then(
    (target) => basename(target),
    () => undefined,
  )
  const inUse = new Set<string>([...options.inUse, ...(current === undefined ? [] : [current])])
  const idle = (await listReleases(layout)).filter((each) => !inUse.has(each.release))
  const gone = idle.slice(Math.max(0, options.keep)).map((each) => each.release)
  for (const id of gone) await takeAway(layout.release(id))
  await pruneStore(layout)
  return gone
}

/** Renamed first: a kill in the middle leaves what is cleared next time, never half a release. */
async function takeAway(path: string): Promise<void> {
  const aside = partName(path)
  await rename(path, aside)
  await rm(aside, { recursive: true, force: true, maxRetries: 5 })
}

async function pruneStore(layout: Layout): Promise<void> {
  for (const key of await namesIn(layout.store)) {
    if ((await usedKeys(layout)).has(key) || (await hasLiveParts(layout))) continue
    const place = join(layout.store, key)
    const aside = partName(place)
    await rename(place, aside)
    // Somebody may have begun to use it meanwhile. They show themselves before they look for it, so that either we see them
    // here, or they found it gone.
    if ((await usedKeys(layout)).has(key) || (await hasLiveParts(layout))) await rename(aside, place).catch(() => {})
    await rm(aside, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function usedKeys(layout: Layout): Promise<ReadonlySet<string>> {
  const keys = new Set<string>()
  for (const name of await list(layout.releases)) {
    const target = await readlink(join(layout.releases, name, 'node_modules', storeLink)).catch(() => undefined)
    if (target !== undefined) keys.add(basename(target))
  }
  return keys
}

const hasLiveParts = async (layout: Layout): Promise<boolean> =>
  (await list(layout.releases)).some((name) => isPart(name) && isOfTheLiving(name))

const isOfTheLiving = (name: string): boolean => {
  const maker = makerOf(name)
  return maker !== undefined && isAlive(maker)
}

async function clearParts(folder: string): Promise<void> {
  for (const name of await list(folder)) {
    const path = join(folder, name)
    const isDead =
      isPart(name) || name.includes('.part.')
        ? !isOfTheLiving(name.replace(/\.dead$/, ''))
        : name.endsWith('.lock') && !(await isHeld(path))
    if (isDead) await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function isHeld(lock: string): Promise<boolean> {
  try {
    const { pid, started } = JSON.parse(await readFile(lock, 'utf8')) as Maker
    return isAlive({ pid, started })
  } catch {
    return false
  }
}

const list = (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
