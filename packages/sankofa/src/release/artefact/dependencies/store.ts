import { cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { SankofaError } from '../../../core/index.ts'
import type { Layout } from '../../layout.ts'
import type { ShippedFile } from '../file-list.ts'
import { inParallel } from '../in-parallel.ts'
import { withLock } from '../lock.ts'
import { partName, removePart } from '../maker.ts'
import { cleanEnvironment, runCommand } from '../run-command.ts'
import type { Steps } from '../steps.ts'
import { syncPath, syncTree } from '../to-disk.ts'
import type { Needed } from './package-manager.ts'
import { makeReadOnly, seedFrom, seedProblem } from './seed.ts'

export const storeFolder = (layout: Layout, key: string): string => join(layout.store, key)

export type StoreOptions = {
  readonly layout: Layout
  readonly needed: Needed
  /** The release's own folder, with its files. */
  readonly folder: string
  readonly files: readonly ShippedFile[]
  readonly omitDev: boolean
  /** Where the same may be installed already. */
  readonly seed: string | undefined
  readonly steps: Steps
  readonly signal?: AbortSignal | undefined
}

/** Makes the folder of the store that the release needs, unless it is there. Whole or not at all: it is renamed into place. */
export async function ensureStored(options: StoreOptions): Promise<string> {
  const { layout, needed, steps, signal } = options
  const place = storeFolder(layout, needed.key)
  if (await exists(place)) {
    await steps.run('dependencies', async () => `installed before (${needed.manager.name})`)
    return place
  }
  await withLock(place, signal, async () => {
    if (await exists(place)) {
      await steps.run('dependencies', async () => `installed by another meanwhile (${needed.manager.name})`)
      return
    }
    const part = partName(place)
    await mkdir(part, { recursive: true })
    try {
      await steps.run('dependencies', () => install(part, options))
      await steps.run('keep dependencies', async () => {
        await onlyModules(part)
        await makeReadOnly(part)
        await syncTree(part)
        return 'read-only, on the disk'
      })
      await rename(part, place).catch((error: NodeJS.ErrnoException) => {
        // Somebody who found the lock's holder dead as well was quicker; what they made is the same.
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
      await syncPath(layout.store)
    } finally {
      await removePart(part)
    }
  })
  return place
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

async function install(part: string, options: StoreOptions): Promise<string> {
  const { needed, folder, files, omitDev, seed, signal } = options
  const { manager } = needed
  let notSeeded = ''
  if (seed !== undefined && !omitDev && needed.ofItsOwn === undefined) {
    const problem = await seedProblem(seed, needed)
    if (problem === undefined) {
      const seeded = await seedFrom(seed, part, needed)
      return `taken over from ${join(seed, 'node_modules')}: ${seeded.files} files`
    }
    notSeeded = `; not taken over from the folder: ${problem}`
  }
  // The whole of it: local packages, patches and settings may lie anywhere. What is no node_modules goes again afterwards.
  await copyFiles(folder, part, files)
  const hasWorkspaceFile = files.some((file) => file.path === 'pnpm-workspace.yaml')
  const command = manager.install({ omitDev, hasWorkspaceFile, lock: needed.lock })
  await runCommand(command, {
    doing: 'the install of its dependencies',
    cwd: part,
    signal,
    environment: toolEnvironment(part),
  })
  if (!(await exists(join(part, 'node_modules'))) && (await exists(join(part, '.pnp.cjs'))))
    throw new SankofaError('DEPENDENCIES_UNLOCKED', {
      source: "a project with Yarn Plug'n'Play",
      reason: 'there is no node_modules folder to link to',
      next: 'Set "nodeLinker: node-modules" in .yarnrc.yml and install again.',
    })
  return `${command.join(' ')}${notSeeded}${needed.ofItsOwn === undefined ? '' : `; shared with no other release, because ${needed.ofItsOwn}`}`
}

/** npm's own variables of a surrounding `npm start` name another project. Tools run on this very Node. */
export function toolEnvironment(folder: string, added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const clean = cleanEnvironment(added)
  const notOurs =
    /^npm_(?:lifecycle_|package_|config_(?:local_prefix|workspaces?|omit|include|only|production|dry_run|global|prefix)$)|^INIT_CWD$/i
  const kept = Object.fromEntries(Object.entries(clean).filter(([name]) => !notOurs.test(name)))
  const path = [dirname(process.execPath), join(folder, 'node_modules', '.bin'), kept.PATH ?? ''].join(delimiter)
  return { ...kept, PATH: path, CI: kept.CI ?? 'true' }
}

async function copyFiles(from: string, to: string, files: readonly ShippedFile[]): Promise<void> {
  const folders = new Set(files.map((file) => dirname(join(to, file.path))))
  for (const folder of folders) await mkdir(folder, { recursive: true })
  await inParallel(16, files, ({ path }) => cp(join(from, path), join(to, path), { verbatimSymlinks: true }))
}

/** Deletes all but node_modules folders and the way to them. @returns whether anything is left */
async function onlyModules(folder: string): Promise<boolean> {
  let isNeeded = false
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && (entry.name === 'node_modules' || (await onlyModules(path)))) isNeeded = true
    else await rm(path, { recursive: true, force: true })
  }
  return isNeeded
}
