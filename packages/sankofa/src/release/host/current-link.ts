import { randomBytes } from 'node:crypto'
import { readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import type { ReleaseId } from '../../core/index.ts'
import type { Layout } from '../layout.ts'
import { syncFolder } from './durable-file.ts'

/**
 * Makes `current` name this release. Who looks meanwhile finds the one before or this one, never nothing; called again,
 * also after a crash in the middle, it does what is left.
 */
export async function pointCurrent(layout: Layout, release: ReleaseId): Promise<void> {
  const target = relative(layout.root, layout.release(release))
  const prefix = `${basename(layout.current)}.`
  if ((await targetOf(layout.current)) !== target) {
    const beside = join(layout.root, `${prefix}${randomBytes(4).toString('hex')}.new`)
    await symlink(target, beside)
    try {
      await rename(beside, layout.current)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
  }
  const left = (await readdir(layout.root)).filter((name) => name.startsWith(prefix) && name.endsWith('.new'))
  for (const name of left) await rm(join(layout.root, name), { force: true })
  // Also when nothing was changed: who changed it may have been killed before this.
  await syncFolder(layout.root)
}

async function targetOf(link: string): Promise<string | undefined> {
  try {
    return await readlink(link)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
