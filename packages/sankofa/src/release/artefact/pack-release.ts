import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { ReleaseId } from '../../core/index.ts'
import { SankofaError } from '../../core/index.ts'
import { type Layout, manifestFile } from '../layout.ts'
import { parseManifest } from '../release.ts'
import { platform } from './dependencies/package-manager.ts'
import { differences, digestOf, filesFile, listFiles } from './file-list.ts'
import { type FilesRecord, finishRelease } from './finish-release.ts'
import { withLock } from './lock.ts'
import { partName, removePart } from './maker.ts'
import { readRelease, readWhole } from './read-release.ts'
import type { MadeRelease } from './reuse.ts'
import { createSteps, type StepNews } from './steps.ts'
import { gunzipped } from './tar/gunzipped.ts'
import { unpackTar } from './tar/unpack-tar.ts'
import { writeTar } from './tar/write-tar.ts'
import { toUnwritable } from './unwritable.ts'

/**
 * Compares every shipped file with what was shipped. Files that came since are none of it.
 *
 * @throws SankofaError `RELEASE_DAMAGED`, with the first of them
 */
export async function checkRelease(layout: Layout, id: ReleaseId): Promise<void> {
  const { files } = await readWhole(layout, id)
  const path = layout.release(id)
  const found = differences(files, await listFiles(path))
  if (found.length === 0) return
  const more = found.length > 3 ? `, and ${found.length - 3} more files differ` : ''
  throw new SankofaError('RELEASE_DAMAGED', { release: id, problem: `${found.slice(0, 3).join(', ')}${more}`, path })
}

/**
 * A release for another host, as gzipped tar, without its dependencies: they are installed there, for that host's Node. What
 * its build made is in it.
 *
 * @throws SankofaError `RELEASE_UNKNOWN`, `RELEASE_DAMAGED`
 */
export async function packRelease(layout: Layout, id: ReleaseId): Promise<Readable> {
  await checkRelease(layout, id)
  const { files } = await readWhole(layout, id)
  const folder = layout.release(id)
  const own = [manifestFile, filesFile]
  const heads = await Promise.all(own.map(async (path) => ({ path, content: await readFile(join(folder, path)) })))
  const tar = Readable.from(writeTar(folder, [...heads, ...files]), { objectMode: false })
  const gzip = createGzip()
  tar.once('error', (error) => gzip.destroy(error))
  gzip.once('close', () => tar.destroy())
  return tar.pipe(gzip)
}

/**
 * Makes here the release that was packed elsewhere: verifies its digest, installs its dependencies for this host, renames it
 * into place. The same release again is used as it is.
 *
 * @throws SankofaError `RELEASE_DAMAGED` when it is not what was packed, and what `makeRelease` throws
 */
export async function unpackRelease(
  layout: Layout,
  packed: Readable,
  options: { readonly onStep?: (news: StepNews) => void; readonly signal?: AbortSignal } = {},
): Promise<MadeRelease> {
  const { signal } = options
  const steps = createSteps(options.onStep, signal)
  const folder = partName(layout.release('incoming' as ReleaseId))
  const stopReading = (): void => void packed.destroy(new Error('the unpacking was aborted'))
  signal?.addEventListener('abort', stopReading, { once: true })
  try {
    await mkdir(folder, { recursive: true })
    await steps.run('files', async () => {
      await unpackTar(gunzipped(packed), folder, { source: 'the packed release', strip: false })
      return 'unpacked'
    })
    const manifest = parseManifest(await readSent(folder, manifestFile))
    const record = (await readSent(folder, filesFile)) as Partial<FilesRecord> | undefined
    const id = manifest?.release ?? ('unknown' as ReleaseId)
    const damaged = (problem: string): SankofaError =>
      new SankofaError('RELEASE_DAMAGED', { release: id, problem, path: folder })
    if (manifest === undefined || record?.format !== 1 || record.settings === undefined || record.files === undefined)
      throw damaged('what was sent has no manifest of a release')
    if (!/^[a-z0-9][a-z0-9.-]{0,60}$/.test(id)) throw damaged('its name is none of a release')
    const files = await listFiles(folder)
    const digest = digestOf(files)
    if (digest !== manifest.digest)
      throw damaged(differences(record.files, files)[0] ?? 'it holds files that were not packed')
    const settings = { ...record.settings, node: process.versions.node, platform }
    return await withLock(layout.release(id), signal, async () => {
      const before = await readRelease(layout, id).catch((error: unknown) => {
        if (error instanceof SankofaError && error.code === 'RELEASE_UNKNOWN') return undefined
        throw error
      })
      if (before !== undefined) {
        if (before.digest !== digest)
          throw damaged(`here is another release of that name, with digest ${before.digest}`)
        return { manifest: before, path: layout.release(id), reused: true, steps: steps.done(), warnings: [] }
      }
      const made = await finishRelease({
        layout,
        id,
        folder,
        files,
        digest,
        settings,
        seed: undefined,
        named: `release ${id}`,
        steps,
        signal,
        build: async () => undefined,
        describe: (ofFiles) => ({ ...manifest, digest: ofFiles, node: settings.node, platform }),
      })
      return { ...made, steps: steps.done(), warnings: [] }
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw toUnwritable(error, 'unpacking the release', folder)
  } finally {
    signal?.removeEventListener('abort', stopReading)
    await removePart(folder)
  }
}

async function readSent(folder: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, name), 'utf8'))
  } catch {
    return undefined
  }
}
