import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes what was named or renamed in `folder` outlive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Replaces `path` as a whole: a reader, and whoever comes after a crash, finds the old text or the new one. There is one writer
 * at a time; what a killed one left beside it is written over by the next.
 *
 * @param moment - told between the steps; tests stop the process there
 */
export async function writeDurably(
  path: string,
  text: string,
  moment: (name: 'written' | 'renamed') => Promise<void> = async () => {},
): Promise<void> {
  const beside = `${path}.new`
  try {
    const handle = await open(beside, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await moment('written')
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  await moment('renamed')
  await syncFolder(dirname(path))
}
