import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestFile } from '../layout.ts'
import { inParallel } from './in-parallel.ts'
import { leftOutFolders } from './what-ships.ts'

/** One shipped file: its path with forward slashes, what it is, and the SHA-256 of its bytes or of where it links to. */
export type ShippedFile = {
  readonly path: string
  readonly is: 'file' | 'program' | 'link'
  readonly sha256: string
  readonly bytes: number
}

/** Beside the manifest: what was shipped, file by file, so that a damaged one can be named. */
export const filesFile = 'sankofa-release.files.json'

const isLeftOut: ReadonlySet<string> = new Set(leftOutFolders)
const readAtOnceBytes = 4 * 1024 * 1024

/** The shipped files that are below `folder` now, in the order of their paths' bytes. */
export async function listFiles(folder: string): Promise<readonly ShippedFile[]> {
  const paths: string[] = []
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      if (isLeftOut.has(entry.name)) continue
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (path === manifestFile || path === filesFile) continue
      if (entry.isDirectory()) await walk(path)
      else paths.push(path)
    }
  }
  await walk('')
  const files: ShippedFile[] = []
  await inParallel(16, paths, async (path) => void files.push(await describeFile(folder, path)))
  return files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}

async function describeFile(folder: string, path: string): Promise<ShippedFile> {
  const whole = join(folder, path)
  const stat = await lstat(whole)
  if (stat.isSymbolicLink()) {
    const target = await readlink(whole)
    return { path, is: 'link', sha256: createHash('sha256').update(target).digest('hex'), bytes: 0 }
  }
  const hash = createHash('sha256')
  if (stat.size <= readAtOnceBytes) hash.update(await readFile(whole))
  else for await (const chunk of createReadStream(whole)) hash.update(chunk as Buffer)
  return { path, is: (stat.mode & 0o100) === 0 ? 'file' : 'program', sha256: hash.digest('hex'), bytes: stat.size }
}

/** Of names, kinds and contents; the same on every host. */
export function digestOf(files: readonly ShippedFile[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file.path}\0${file.is}\0${file.sha256}\0`)
  return hash.digest('hex')
}

/** What is different now from what was shipped, in words; files that came since are not, a service may write beside its own. */
export function differences(shipped: readonly ShippedFile[], now: readonly ShippedFile[]): readonly string[] {
  const found = new Map(now.map((file) => [file.path, file]))
  return shipped.flatMap((file) => {
    const today = found.get(file.path)
    if (today === undefined) return [`${file.path} is missing`]
    if (today.sha256 !== file.sha256) return [`${file.path} has another content`]
    return today.is === file.is ? [] : [`${file.path} is a ${today.is}, it was a ${file.is}`]
  })
}
