import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process, and no other that gets its number later: a pid alone names whoever has it now. */
export type ProcessIdentity = { readonly pid: number; readonly started: string }

/** How processes are told apart and ended. */
export type ProcessTable = {
  /** `undefined` when nothing runs under this number; a zombie still has its identity. */
  identify(pid: number): ProcessIdentity | undefined
  /** Whether this very process runs; a zombie does not. */
  isAlive(process: ProcessIdentity): boolean
  /** Sends only to this very process, or to the group it leads. @returns whether it was there */
  signal(process: ProcessIdentity, signal: NodeJS.Signals, whom: 'one' | 'group'): boolean
}

type Status = { readonly state: string; readonly started: string }

export const systemProcesses: ProcessTable = {
  identify(pid) {
    const now = statusOf(pid)
    return now === undefined ? undefined : { pid, started: now.started }
  },
  isAlive({ pid, started }) {
    const now = statusOf(pid)
    return now !== undefined && now.started === started && now.state !== 'Z' && now.state !== 'X'
  },
  signal(target, signal, whom) {
    if (!systemProcesses.isAlive(target)) return false
    try {
      process.kill(whom === 'group' ? -target.pid : target.pid, signal)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
      throw error
    }
  },
}

/** The start time of a process counts from the boot, so the boot belongs to it. */
const boot = readBoot()

function statusOf(pid: number): Status | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

function fromProc(pid: number): Status | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The second field is the program's name in parentheses and may hold anything, so count from its end: field 3 is [0].
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? 'X', started: `${boot}-${fields[19] ?? ''}` }
}

/** @internal Seconds, not hundredths: two processes of one number within a second would be taken for one. */
export function fromPs(pid: number): Status | undefined {
  try {
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } } as const
    const text = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], options).trim()
    const [state = 'X', ...started] = text.split(/\s+/)
    return { state: state.slice(0, 1), started: started.join(' ') }
  } catch {
    return undefined
  }
}

function readBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
  } catch {
    return ''
  }
}
