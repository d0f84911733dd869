import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SankofaError } from '../../core/index.ts'
import { layoutOf } from '../../release/index.ts'

const readyWithinMs = 60_000

/** What `sankofa host` says when it is ready. */
export type HostReady = {
  readonly pid: number
  readonly url: string
  readonly console?: string
  readonly tokenFile?: string
}

/** Starts `sankofa host` beside this process, to go on after it. @throws SankofaError `STEP_FAILED` with its last words */
export async function startHost(
  directory: string,
  options: { readonly port: number; readonly consolePort: number; readonly signal: AbortSignal },
): Promise<HostReady> {
  const layout = layoutOf(join(directory, 'host'))
  mkdirSync(layout.logs, { recursive: true })
  const file = join(layout.logs, 'host.log')
  const log = openSync(file, 'w', 0o600)
  const { SANKOFA_PARENT_PID: _, ...environment } = process.env
  const program = [...process.execArgv, process.argv[1] ?? '']
  const child = spawn(
    process.execPath,
    [...program, 'host', '--port', String(options.port), '--console-port', String(options.consolePort)],
    { detached: true, stdio: ['ignore', log, log], env: { ...environment, SANKOFA_DIR: directory } },
  )
  let isGone = false
  child.once('exit', () => {
    isGone = true
  })
  child.unref()
  for (const giveUpAtMs = Date.now() + readyWithinMs; Date.now() < giveUpAtMs && !isGone; ) {
    options.signal.throwIfAborted()
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .find((text) => text.startsWith('{"ready":true'))
    if (line !== undefined) return JSON.parse(line) as HostReady
    await delay(100)
  }
  const words = readFileSync(file, 'utf8').trim().split('\n').slice(-10).join('\n')
  throw new SankofaError('STEP_FAILED', {
    what: `The host of this machine did not start: ${words || 'it said nothing'}`,
    next: `Its log is ${file}. Mend that, and run "sankofa ship" again.`,
  })
}
