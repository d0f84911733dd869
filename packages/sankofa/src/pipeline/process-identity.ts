import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process for certain: its number is used again after it, its start is not. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string }

export const identityOf = (pid: number): ProcessIdentity => ({ pid, startedAt: startOf(pid) ?? '' })

export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  const start = startOf(pid)
  return start !== undefined && start === startedAt
}

/** @returns when it started, as the system counts; `undefined` when it is gone, or dead and not yet waited for */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
    }
    // The name in brackets may hold spaces and brackets: count from behind it.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}
