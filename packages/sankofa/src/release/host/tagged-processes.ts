import { readdirSync, readFileSync } from 'node:fs'
import { type ProcessIdentity, systemProcesses } from './process-identity.ts'

/** Names of the environment by which a keeper finds what an earlier one started and could not write down any more. */
export const tagName = 'SANKOFA_INSTANCE'
export const rootName = 'SANKOFA_HOST_ROOT'

export type TaggedProcess = {
  readonly process: ProcessIdentity
  readonly tag: string
  /** It was started by a keeper; the others are what it started itself and share its environment. */
  readonly leads: boolean
  readonly environment: ReadonlyMap<string, string>
}

/**
 * Every living process that a keeper of `root` started, and what those started, by their environment. Without /proc
 * (macOS) there are none: there the host's file alone says what lives.
 */
export function taggedProcesses(root: string): readonly TaggedProcess[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const found = readTagged(Number(name), root)
      return found === undefined ? [] : [found]
    })
}

function readTagged(pid: number, root: string): TaggedProcess | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/environ`, 'utf8')
    if (!text.includes(`${rootName}=${root}\0`)) return undefined
    const environment = new Map(
      text.split('\0').map((line) => {
        const at = line.indexOf('=')
        return [line.slice(0, at), line.slice(at + 1)] as const
      }),
    )
    const tag = environment.get(tagName)
    const identity = systemProcesses.identify(pid)
    if (tag === undefined || identity === undefined || !systemProcesses.isAlive(identity)) return undefined
    return { process: identity, tag, leads: sessionOf(pid) === pid, environment }
  } catch {
    // It ended while we looked, or is another user's.
    return undefined
  }
}

function sessionOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[3])
}
