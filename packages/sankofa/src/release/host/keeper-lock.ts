import { createHash, randomBytes } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SankofaError } from '../../core/index.ts'
import { type ProcessIdentity, type ProcessTable, systemProcesses } from './process-identity.ts'

/** Only one keeper has a folder at a time; a dead one's lock is taken over by exactly one. */
export type KeeperLock = { release(): void }

/** @throws SankofaError `HOST_HELD` when a living process has it */
export function takeKeeperLock(root: string, processes: ProcessTable = systemProcesses): KeeperLock {
  const file = join(root, 'host.lock')
  const me = processes.identify(process.pid)
  if (me === undefined) throw new Error(`process ${process.pid} cannot see itself`)
  take(file, me, root, processes)
  sweep(file, processes)
  return {
    release() {
      if (isSame(read(file).holder, me)) rmSync(file, { force: true })
    },
  }
}

/**
 * A lock is made by a hard link, which fails when the name exists. Who finds a dead holder first takes a lock named
 * after that holder, so that of two successors one alone replaces it, also when the first successor dies at it.
 */
function take(file: string, me: ProcessIdentity, root: string, processes: ProcessTable): void {
  for (;;) {
    if (linkNew(file, me)) return
    const found = read(file)
    if (found.text === undefined) continue
    if (found.holder !== undefined && processes.isAlive(found.holder))
      throw new SankofaError('HOST_HELD', { root, pid: found.holder.pid })
    const key = createHash('sha256').update(found.text).digest('hex').slice(0, 16)
    const after = `${file}.after-${key}`
    take(after, me, root, processes)
    const isStillTheDeadOne = read(file).text === found.text
    if (isStillTheDeadOne) replace(file, me)
    rmSync(after, { force: true })
    if (isStillTheDeadOne) return
  }
}

/** Locks of successors that died while they took over; they guard nothing once their predecessor's lock is gone. */
function sweep(file: string, processes: ProcessTable): void {
  const prefix = `${basename(file)}.`
  for (const name of readdirSync(dirname(file)).filter((each) => each.startsWith(prefix))) {
    const { holder } = read(join(dirname(file), name))
    if (holder !== undefined && !processes.isAlive(holder)) rmSync(join(dirname(file), name), { force: true })
  }
}

function linkNew(file: string, me: ProcessIdentity): boolean {
  const whole = writeWhole(file, me)
  try {
    linkSync(whole, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(whole, { force: true })
  }
}

function replace(file: string, me: ProcessIdentity): void {
  renameSync(writeWhole(file, me), file)
}

function writeWhole(file: string, me: ProcessIdentity): string {
  const beside = `${file}.${randomBytes(4).toString('hex')}.new`
  writeFileSync(beside, JSON.stringify(me), { mode: 0o600, flag: 'wx' })
  return beside
}

/** `text` undefined: there is none. `holder` undefined: nobody that could be alive. */
function read(file: string): { readonly text?: string; readonly holder?: ProcessIdentity } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity> | null
    if (typeof value?.pid === 'number' && typeof value.started === 'string')
      return { text, holder: { pid: value.pid, started: value.started } }
  } catch {
    // Torn by a loss of power: who wrote it is dead.
  }
  return { text }
}

const isSame = (one: ProcessIdentity | undefined, other: ProcessIdentity): boolean =>
  one !== undefined && one.pid === other.pid && one.started === other.started
