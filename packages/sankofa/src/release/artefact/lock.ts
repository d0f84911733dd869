import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive, type Maker, partName, thisMaker } from './maker.ts'

const lookAgainMs = 50

/**
 * Runs `work` while no other living process does the same for `path`. It saves work, nothing more: what is made is made
 * aside and renamed, so that two who got in together (a holder found dead by both) still leave one whole result.
 */
export async function withLock<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const file = `${path}.lock`
  const mine = partName(file)
  // Linked into place with its content: a lock that says nothing is never seen.
  await writeFile(mine, JSON.stringify(thisMaker()))
  try {
    while (!(await tryLink(mine, file))) {
      signal?.throwIfAborted()
      const holder = await readHolder(file)
      if (holder === 'gone') continue
      if (holder === 'unreadable' || !isAlive(holder)) await takeAway(file, mine)
      else await delay(lookAgainMs, undefined, { ...(signal === undefined ? {} : { signal }) })
    }
  } finally {
    await rm(mine, { force: true })
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function readHolder(file: string): Promise<Maker | 'gone' | 'unreadable'> {
  try {
    const { pid, started } = JSON.parse(await readFile(file, 'utf8')) as Partial<Maker>
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : 'unreadable'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'unreadable'
  }
}

/** Renamed before it is deleted: of two who found it dead, one gets it, and the other looks again. */
async function takeAway(file: string, mine: string): Promise<void> {
  const aside = `${mine}.dead`
  try {
    await rename(file, aside)
    await rm(aside, { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
