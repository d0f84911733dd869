import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What runs now, so that `sankofa` finds it without settings. Only its owner may read it. */
export type Runtime = {
  readonly startPid: number
  readonly databaseUrl: string
  readonly marketUrl: string
  readonly consoleUrl: string
}

const runtimeFile = (directory: string): string => join(directory, 'runtime.json')
const lockFile = (directory: string): string => join(directory, 'start.pid')

export function writeRuntime(directory: string, runtime: Runtime): void {
  const file = runtimeFile(directory)
  writeFileSync(`${file}.new`, `${JSON.stringify(runtime, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/**
 * Makes `directory` ours until `releaseDirectory`.
 *
 * @returns the process of another `npm start` that has it; `undefined` when it is ours now
 */
export function takeDirectory(directory: string): number | undefined {
  const file = lockFile(directory)
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = readPid(file)
    if (holder !== undefined && isStart(holder)) return holder
    // Left by a start that was killed.
    rmSync(file, { force: true })
  }
}

/** Only what is ours: a start that was refused leaves the other's files alone. */
export function releaseDirectory(directory: string): void {
  if (readPid(lockFile(directory)) !== process.pid) return
  rmSync(runtimeFile(directory), { force: true })
  rmSync(lockFile(directory), { force: true })
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

/** A number that another program has by now is no start. */
function isStart(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes('scripts/up.ts')
  } catch {
    return readCommand(pid).includes('scripts/up.ts')
  }
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
