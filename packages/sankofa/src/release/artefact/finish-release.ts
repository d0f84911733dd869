import { lstat, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReleaseId } from '../../core/index.ts'
import { type Layout, manifestFile } from '../layout.ts'
import type { Manifest, StartSettings } from '../release.ts'
import { linkModules } from './dependencies/link-modules.ts'
import { whatIsNeeded } from './dependencies/package-manager.ts'
import { ensureStored } from './dependencies/store.ts'
import { digestOf, filesFile, listFiles, type ShippedFile } from './file-list.ts'
import { readRelease } from './read-release.ts'
import type { Steps } from './steps.ts'
import { syncPath, syncTree } from './to-disk.ts'

/** All that decides what comes out of the same content. */
export type MakingSettings = {
  readonly service: string
  readonly start: StartSettings
  readonly build: readonly string[]
  readonly omitDev: boolean
  readonly node: string
  readonly platform: string
}

/** `sankofa-release.files.json`. */
export type FilesRecord = {
  readonly format: 1
  readonly settings: MakingSettings
  readonly files: readonly ShippedFile[]
}

export type Making = {
  readonly layout: Layout
  readonly id: ReleaseId
  /** Where its files lie; renamed at the end. */
  readonly folder: string
  readonly files: readonly ShippedFile[]
  readonly digest: string
  readonly settings: MakingSettings
  /** Where its dependencies may be installed already. */
  readonly seed: string | undefined
  readonly named: string
  readonly steps: Steps
  readonly signal: AbortSignal | undefined
  /** @returns what it did; `undefined` when there is nothing to build */
  build(folder: string): Promise<string | undefined>
  describe(digest: string): Manifest
}

/** From the files to the release: dependencies, build, manifest, disk, name. */
export async function finishRelease(
  making: Making,
): Promise<{ readonly manifest: Manifest; readonly path: string; readonly reused: boolean }> {
  const { layout, folder, settings, steps } = making
  await giveDependencies(making)
  let files = making.files
  if (settings.build.length > 0) {
    await steps.run('build', async () => {
      const did = await making.build(folder)
      files = await listFiles(folder)
      return did ?? 'built before'
    })
  }
  const manifest = making.describe(digestOf(files))
  await steps.run('manifest', async () => {
    const record: FilesRecord = { format: 1, settings, files }
    await writeSynced(join(folder, filesFile), `${JSON.stringify(record)}\n`)
    await writeSynced(join(folder, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`)
    return `digest ${manifest.digest.slice(0, 10)}`
  })
  await steps.run('to disk', async () => {
    await syncTree(folder)
    return 'written through'
  })
  const path = layout.release(making.id)
  let isOurs = true
  await steps.run('publish', async () => {
    try {
      await rename(folder, path)
    } catch (error) {
      // Two who found a dead maker's lock at once both got in. The other was quicker; a release is never replaced.
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
      isOurs = false
    }
    await syncPath(layout.releases)
    return path
  })
  return { manifest: isOurs ? manifest : await readRelease(layout, making.id), path, reused: !isOurs }
}

async function giveDependencies(making: Making): Promise<void> {
  const { layout, folder, files, settings, steps, signal, seed } = making
  const { omitDev } = settings
  const needed = await whatIsNeeded({ source: making.named, folder, files, digest: making.digest, omitDev })
  if (needed === undefined) {
    await steps.run('dependencies', async () => 'none')
    return
  }
  const store = { layout, needed, folder, files, omitDev, seed, steps, signal }
  const stored = await ensureStored(store)
  await steps.run('link', async () => `${await linkModules(stored, folder)} links into the store`)
  // A prune that found the folder unused may have taken it between the two. From here on it sees our link.
  const isThere = await lstat(stored).then(
    () => true,
    () => false,
  )
  if (!isThere) await ensureStored(store)
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o644)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
