import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SankofaError } from '../../core/index.ts'

/**
 * Waits until no server holds `directory`. One that lost its parent is asked to stop; one that is cared for is left alone.
 *
 * @throws SankofaError `EMBEDDED_REFUSED` when a server that has a parent keeps the directory
 */
export async function endOrphan(directory: string): Promise<void> {
  const deadline = Date.now() + 6_000
  let asked = false
  for (let pid = livePostmaster(directory); pid !== undefined; pid = livePostmaster(directory)) {
    if (Date.now() > deadline) {
      throw new SankofaError('EMBEDDED_REFUSED', {
        reason: `The data in ${directory} is in use by a running PostgreSQL (process ${pid}). Stop the other "npm start", or set SANKOFA_DIR to another folder.`,
      })
    }
    if (!asked && parentOf(pid) === 1) {
      asked = true
      process.kill(pid, 'SIGINT')
    }
    await delay(50)
  }
}

/** The process named in postmaster.pid, when it lives and is a PostgreSQL server; a reused number is not. */
export function livePostmaster(directory: string): number | undefined {
  let pid: number
  try {
    pid = Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0])
  } catch {
    return undefined
  }
  if (!Number.isInteger(pid) || pid <= 1 || isGone(pid)) return undefined
  try {
    return readlinkSync(`/proc/${pid}/exe`)
      .replace(/ \(deleted\)$/, '')
      .endsWith('/postgres')
      ? pid
      : undefined
  } catch {
    // No /proc (macOS), or not ours to read: believe the file.
    return pid
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  return statusOf(pid)?.state === 'Z'
}

const parentOf = (pid: number): number | undefined => statusOf(pid)?.parent

function statusOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}
