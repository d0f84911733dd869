import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Clock } from '../../core/index.ts'
import type { OpenLog } from './log-file.ts'
import type { ProcessIdentity, ProcessTable } from './process-identity.ts'

export type StartOrders = {
  readonly command: readonly string[]
  /** The real path of the folder that it runs in. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly log: OpenLog
  /** Given to the process as fd 3. */
  readonly inherit?: number
}

/** A process that was started here or is watched from here. */
export type Watched = { readonly process: ProcessIdentity /** Never rejects. */; readonly gone: Promise<string> }

/** What belongs to the keeper's own start and would mislead a process below it. */
const keepersOwn = [
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
  // Whom the keeper itself follows to its end.
  'SANKOFA_PARENT_PID',
]

/** The host's own environment without what is meant for the keeper alone. */
export function hostEnvironment(): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !keepersOwn.includes(name)) found[name] = value
  }
  return found
}

/**
 * Starts a process in a session of its own, which the end of this one does not end. It runs when this returns: nothing
 * is awaited between the start and the moment at which its number is known.
 *
 * @throws Error of the system when the program cannot be run
 */
export async function startProcess(orders: StartOrders, processes: ProcessTable): Promise<Watched> {
  const [program = '', ...given] = orders.command
  const bin = join(orders.folder, 'node_modules', '.bin')
  const child = spawn(programOf(program, bin), given, {
    cwd: orders.folder,
    detached: true,
    env: { ...orders.environment, PATH: [bin, orders.environment.PATH ?? ''].join(delimiter) },
    stdio: ['ignore', orders.log.fd, orders.log.fd, ...(orders.inherit === undefined ? [] : [orders.inherit])],
  })
  // Read before anything is awaited: until then also one that has ended already keeps its number.
  const identity = child.pid === undefined ? undefined : processes.identify(child.pid)
  if (identity === undefined) {
    const [error] = await once(child, 'error')
    throw error
  }
  child.on('error', () => {})
  const gone = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`),
    )
  })
  child.unref()
  return { process: identity, gone }
}

function programOf(program: string, bin: string): string {
  if (program === 'node') return process.execPath
  if (program.includes('/')) return program
  try {
    accessSync(join(bin, program), constants.X_OK)
    return join(bin, program)
  } catch {
    return program
  }
}

/** Watches a process that is not ours to wait for. */
export function watchAdopted(
  adopted: ProcessIdentity,
  processes: ProcessTable,
  clock: Clock,
  signal: AbortSignal,
): Watched {
  const look = async (): Promise<string> => {
    while (processes.isAlive(adopted) && !signal.aborted) await clock.sleep(250, signal)
    return signal.aborted ? 'it is not watched any more' : 'it ended'
  }
  return { process: adopted, gone: look() }
}
