import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

// A holder needs milliseconds: a lock this old belongs to a process that was killed while it held it.
const staleLockMs = 5_000
const lockPatienceMs = staleLockMs + 2_000

/** The JSON in the file, or `undefined` when there is no file. Throws when it cannot be read as JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Readers see the old file or the new one, never a part; only the owner can read it. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  // No mode on the folder: a 0700 parent would lock the embedded server, which runs as another user, out of its data.
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(value)}\n`)
      // Without it a power cut can leave the new name on an empty file.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** One process at a time between a read of `path` and the write that depends on it. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const lock = `${path}.lock`
  const giveUpAtMs = Date.now() + lockPatienceMs
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      break
    } catch (error) {
      if (!isCode(error, 'EEXIST') || Date.now() > giveUpAtMs) throw error
      await breakStaleLock(lock)
      await delay(10)
    }
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function breakStaleLock(lock: string): Promise<void> {
  try {
    if (Date.now() - (await stat(lock)).mtimeMs > staleLockMs) await rm(lock, { force: true })
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
