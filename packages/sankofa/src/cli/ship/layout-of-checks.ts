import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Layout } from '../../release/index.ts'

/**
 * The same store, another folder: what is checked is made like what is shipped, and is gone afterwards. Each process has its
 * own, so that two who check the same commit do not take it away from one another.
 */
export const layoutOfChecks = (layout: Layout): Layout => {
  const releases = join(folderOfChecks(layout), String(process.pid))
  return {
    ...layout,
    releases,
    release: (id) => join(releases, id),
    part: (id) => join(releases, `${id}.part`),
  }
}

/** Removes this process's copies, and those of processes that were killed. */
export async function removeCopies(layout: Layout): Promise<void> {
  const folder = folderOfChecks(layout)
  for (const name of await readdir(folder).catch(() => []))
    if (!(/^\d+$/.test(name) && isOther(Number(name))))
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 }).catch(() => {})
}

const folderOfChecks = (layout: Layout): string => join(layout.root, 'checks')

/** A number that another process has got since only keeps a folder a little longer. */
function isOther(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
