import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReleaseId } from '../../core/index.ts'
import { SankofaError } from '../../core/index.ts'
import { type Layout, manifestFile } from '../layout.ts'
import { type Manifest, parseManifest } from '../release.ts'
import { storeLink } from './dependencies/link-modules.ts'
import { filesFile } from './file-list.ts'
import type { FilesRecord } from './finish-release.ts'
import { isPart } from './maker.ts'

/**
 * What a release is. Its manifest is checked, and that its dependencies are there; not its files, see `checkRelease`.
 *
 * @throws SankofaError `RELEASE_UNKNOWN`, `RELEASE_DAMAGED`
 */
export async function readRelease(layout: Layout, id: ReleaseId): Promise<Manifest> {
  const folder = layout.release(id)
  const isThere = !isPart(id) && !id.includes('/') && (await isFolder(folder))
  if (!isThere) {
    const known = (await listReleases(layout)).map((each) => each.release)
    throw new SankofaError('RELEASE_UNKNOWN', { release: id, known })
  }
  const damaged = (problem: string, path: string): SankofaError =>
    new SankofaError('RELEASE_DAMAGED', { release: id, problem, path })
  const path = join(folder, manifestFile)
  const value = await readJson(path, damaged)
  const manifest = parseManifest(value)
  if (manifest === undefined) {
    const format = (value as { readonly format?: unknown } | null)?.format
    throw damaged(
      typeof format === 'number' && format > 1
        ? `its manifest has format ${format}, written by a newer Sankofa`
        : 'its manifest lacks what a manifest has',
      path,
    )
  }
  if (manifest.release !== id) throw damaged(`its manifest is that of release ${manifest.release}`, path)
  const link = join(folder, 'node_modules', storeLink)
  const hasLink = await lstat(link).then(
    () => true,
    () => false,
  )
  if (hasLink && !(await isFolder(link))) throw damaged('its dependencies are gone from the store', link)
  return manifest
}

/** @internal The manifest together with the record of its files. */
export async function readWhole(
  layout: Layout,
  id: ReleaseId,
): Promise<{ readonly manifest: Manifest } & Pick<FilesRecord, 'files' | 'settings'>> {
  const manifest = await readRelease(layout, id)
  const path = join(layout.release(id), filesFile)
  const damaged = (problem: string, at: string): SankofaError =>
    new SankofaError('RELEASE_DAMAGED', { release: id, problem, path: at })
  const record = (await readJson(path, damaged)) as Partial<FilesRecord> | null
  if (record?.format !== 1 || !Array.isArray(record.files) || record.settings === undefined)
    throw damaged('the record of its files lacks what it has', path)
  return { manifest, files: record.files, settings: record.settings }
}

/** The newest first. What is being made is none; neither is what `readRelease` finds damaged. */
export async function listReleases(layout: Layout): Promise<readonly Manifest[]> {
  const found: Manifest[] = []
  for (const name of await namesIn(layout.releases)) {
    try {
      found.push(await readRelease(layout, name as ReleaseId))
    } catch (error) {
      if (!(error instanceof SankofaError)) throw error
    }
  }
  return found.sort((a, b) => (a.madeAt === b.madeAt ? (a.release < b.release ? -1 : 1) : a.madeAt < b.madeAt ? 1 : -1))
}

/** @internal Folders of releases by their names, damaged ones too. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory() && !isPart(entry.name)).map((entry) => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

async function readJson(path: string, damaged: (problem: string, path: string) => SankofaError): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw damaged(`a file of it cannot be read (${error instanceof Error ? error.message : String(error)})`, path)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw damaged(`a file of it is torn after ${text.length} characters`, path)
  }
}
