import { execFile } from 'node:child_process'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inParallel } from './in-parallel.ts'

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Brings a folder with all that is in it to the disk. After it, a rename that survives the loss of power never shows a folder
 * whose files did not.
 */
export async function syncTree(folder: string): Promise<void> {
  try {
    // One call for the file system: tens of thousands of single ones take minutes on a slow disk.
    await promisify(execFile)('sync', ['-f', folder], { timeout: 120_000 })
  } catch {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries
      .filter((each) => each.isFile() || each.isDirectory())
      .map((each) => join(each.parentPath, each.name))
    await inParallel(16, [...paths, folder], syncPath)
  }
}
