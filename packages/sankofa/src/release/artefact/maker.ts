import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'

/** A process, told from a later one with the same pid by when it started. */
export type Maker = { readonly pid: number; readonly started: string }

/** `undefined` when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The program's name may hold spaces and brackets; the fields begin after the last of them. State is the 3rd field.
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? undefined : fields[19]
    }
    const said = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return said === '' ? undefined : String(Date.parse(said))
  } catch {
    return undefined
  }
}

let own: Maker | undefined
export function thisMaker(): Maker {
  own ??= { pid: process.pid, started: startOf(process.pid) ?? '0' }
  return own
}

export const isAlive = (maker: Maker): boolean => startOf(maker.pid) === maker.started

let made = 0
/** A name beside `path` for what is being made: it tells whose it is, and two makings of one process apart. */
export function partName(path: string): string {
  const { pid, started } = thisMaker()
  return `${path}.part.${pid}.${started}.${++made}`
}

const partPattern = /\.part(?:\.(\d+)\.(\d+)\.\d+)?$/

export const isPart = (name: string): boolean => partPattern.test(name)

/** Who makes what is named so; `undefined` when the name does not tell. */
export function makerOf(name: string): Maker | undefined {
  const [, pid, started] = partPattern.exec(name) ?? []
  return pid === undefined || started === undefined ? undefined : { pid: Number(pid), started }
}

/** Whatever happened, what was begun goes. A failure here must not hide the one that led here; the next prune tries again. */
export async function removePart(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 }).catch(() => {})
}
