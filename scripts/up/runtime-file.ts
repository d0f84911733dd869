import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What runs now, so that `sankofa` finds it without settings. Only its owner may read it. */
export type Runtime = {
  readonly startPid: number
  readonly databaseUrl: string
  readonly marketUrl: string
  readonly consoleUrl: string
}

export const runtimeFile = (directory: string): string => join(directory, 'runtime.json')

export function writeRuntime(directory: string, runtime: Runtime): void {
  const file = runtimeFile(directory)
  writeFileSync(`${file}.new`, `${JSON.stringify(runtime, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

export const removeRuntime = (directory: string): void => rmSync(runtimeFile(directory), { force: true })

/** The process of another `npm start` that still uses `directory`; a number used again by another program is not. */
export function runningStart(directory: string): number | undefined {
  try {
    const { startPid } = JSON.parse(readFileSync(runtimeFile(directory), 'utf8')) as Runtime
    process.kill(startPid, 0)
    const command = readFileSync(`/proc/${startPid}/cmdline`, 'utf8')
    return command.includes('scripts/up.ts') && startPid !== process.pid ? startPid : undefined
  } catch {
    return undefined
  }
}
