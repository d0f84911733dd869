import { mkdir, open, readdir, rename, rmdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SankofaError } from '../../../core/index.ts'
import { refuse } from '../source/refuse.ts'
import { linkProblem, pathProblem, ships } from '../what-ships.ts'
import { readTar, type TarEntry } from './read-tar.ts'

/** More than any service ships; less than what fills a disk unnoticed. Both count what comes out, not what went in. */
export const tarLimits = { bytes: 2 * 1024 ** 3, files: 200_000 } as const

export type UnpackOptions = {
  readonly source: string
  /** Take the only folder away that everything is in, as in what npm and code hosts pack. */
  readonly strip: boolean
  readonly limits?: { readonly bytes: number; readonly files: number }
}

/**
 * Unpacks a tar stream into an empty folder. Nothing is written outside of it: absolute paths, `..`, links that lead out,
 * hard links and devices are refused by name.
 *
 * @returns how many files were left out, see `ships`
 * @throws SankofaError `RELEASE_FILES_REFUSED`, `RELEASE_SOURCE_WRONG`
 */
export async function unpackTar(
  bytes: AsyncIterable<Buffer>,
  folder: string,
  options: UnpackOptions,
): Promise<{ readonly leftOut: number }> {
  const limits = options.limits ?? tarLimits
  const problems: string[] = []
  const links: { readonly path: string; readonly target: string }[] = []
  const seen = new Set<string>()
  let leftOut = 0
  let files = 0
  let total = 0
  try {
    for await (const entry of readTar(bytes)) {
      const path = entry.path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
      if (path === '' || path === '.') continue
      const problem = pathProblem(path) ?? kindProblem(entry) ?? (seen.has(path) ? 'is in it twice' : undefined)
      if (problem !== undefined) {
        problems.push(`${path} ${problem}`)
        continue
      }
      if (!ships(path)) {
        if (entry.type !== 'folder') leftOut += 1
        continue
      }
      if (entry.type === 'folder') {
        await mkdir(join(folder, path), { recursive: true })
        continue
      }
      seen.add(path)
      files += 1
      total += entry.bytes
      if (total > limits.bytes || files > limits.files)
        throw new Error(`it holds more than ${limits.files} files or ${Math.round(limits.bytes / 1024 ** 2)} MB`)
      if (entry.type === 'link') links.push({ path, target: entry.target })
      else await writeEntry(join(folder, path), entry)
    }
  } catch (error) {
    throw toSourceError(error, options.source)
  }
  // Last, so that no file is ever written through a link.
  const strip = options.strip ? await onlyFolder(folder, links) : undefined
  for (const { path, target } of links) {
    const problem = linkProblem(strip === undefined ? path : path.slice(strip.length + 1), target)
    if (problem !== undefined) problems.push(`${path} ${problem}`)
  }
  refuse(options.source, problems)
  for (const { path, target } of links) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await symlink(target, join(folder, path))
  }
  if (strip !== undefined) await lift(folder, strip)
  return { leftOut }
}

function kindProblem(entry: TarEntry): string | undefined {
  if (entry.type === 'hard-link') return `is a hard link to ${entry.target}`
  return entry.type === 'other' ? 'is a device or another thing that is no file' : undefined
}

async function writeEntry(path: string, entry: TarEntry): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const handle = await open(path, 'wx', (entry.mode & 0o100) === 0 ? 0o644 : 0o755)
  try {
    for await (const chunk of entry.content) await handle.writeFile(chunk)
  } finally {
    await handle.close()
  }
}

/** An error of the system keeps its meaning (a full disk is not the archive's fault); the rest is about the archive. */
function toSourceError(error: unknown, source: string): unknown {
  if (error instanceof SankofaError || (error as NodeJS.ErrnoException).syscall !== undefined) return error
  if (error instanceof Error && error.name === 'AbortError') return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const reason =
    error instanceof Error
      ? code.startsWith('Z_')
        ? `it cannot be unpacked (${error.message})`
        : error.message
      : String(error)
  return new SankofaError(
    'RELEASE_SOURCE_WRONG',
    { source, reason, next: 'Pack it again, or ship from git.' },
    { cause: error },
  )
}

async function onlyFolder(folder: string, links: readonly { readonly path: string }[]): Promise<string | undefined> {
  const top = await readdir(folder, { withFileTypes: true })
  const [only] = top
  if (only === undefined || top.length > 1 || !only.isDirectory()) return undefined
  if (links.some(({ path }) => !path.startsWith(`${only.name}/`))) return undefined
  return (await readdir(join(folder, only.name))).includes('package.json') ? only.name : undefined
}

async function lift(folder: string, name: string): Promise<void> {
  // Renamed first: the folder may hold something that is named as it is.
  const aside = join(folder, `.lifted-${process.pid}`)
  await rename(join(folder, name), aside)
  for (const each of await readdir(aside)) await rename(join(aside, each), join(folder, each))
  await rmdir(aside)
}
