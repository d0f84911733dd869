import { readdirSync, readFileSync } from 'node:fs'

export type Process = {
  readonly pid: number
  readonly parent: number
  readonly state: string
  readonly command: string
}

/** The processes of this machine (Linux). */
export function processes(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return [{ pid: Number(name), parent: Number(parent), state, command }]
      } catch {
        // It ended while we looked.
        return []
      }
    })
}

/** A process is alive when it exists and is no zombie: where process 1 does not reap, zombies stay. */
export const isAlive = (pid: number): boolean =>
  processes().some((process) => process.pid === pid && process.state !== 'Z')

/** `pid` and everything below it. */
export function family(pid: number): readonly Process[] {
  const all = processes()
  const found = all.filter((process) => process.pid === pid)
  for (let index = 0; index < found.length; index++) {
    found.push(...all.filter((process) => process.parent === found[index]?.pid))
  }
  return found
}

/** What was started with this `SANKOFA_DIR`, whoever its parent is by now: what a host keeps outlives it. */
export function startedIn(directory: string): readonly Process[] {
  return processes().filter(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`SANKOFA_DIR=${directory}`)
    } catch {
      // It ended while we looked, or is another user's.
      return false
    }
  })
}
