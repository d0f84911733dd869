import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SankofaError } from '../../core/index.ts'
import { layoutOf, type ProcessIdentity, systemProcesses, taggedProcesses } from '../../release/index.ts'
import { findDirectory } from '../find-config.ts'
import { AnswerIsNo, type OutputOptions, print } from '../output.ts'

/** A release may take 30 s for its last requests, and PostgreSQL its time to write. */
const goneWithinMs = 90_000
const lookEveryMs = 100

/**
 * Ends the host of this folder and waits until nothing of it is left: its releases, the gateway, its PostgreSQL. What goes on
 * because it was told to (`--keep-running`) is named; exit code 1 then, or when no host runs.
 */
export async function hostStopCommand(options: OutputOptions): Promise<void> {
  const directory = findDirectory(process.env, process.env.INIT_CWD ?? process.cwd())
  const { root } = layoutOf(join(directory, 'host'))
  const host = holderOf(root)
  if (host === undefined || !systemProcesses.isAlive(host)) {
    print(options, { stopped: false, root }, [`No host runs in ${root}.`])
    throw new AnswerIsNo()
  }
  systemProcesses.signal(host, 'SIGTERM', 'one')
  for (const untilMs = performance.now() + goneWithinMs; systemProcesses.isAlive(host); await delay(lookEveryMs)) {
    if (performance.now() < untilMs) continue
    throw new SankofaError('STEP_FAILED', {
      what: `The host (process ${host.pid}) did not end within ${goneWithinMs / 1_000} s.`,
      next: `Read ${join(root, 'logs')}; "kill -9 ${host.pid}" ends it by force, and the next host takes over what it left.`,
    })
  }
  const left = taggedProcesses(root).map(({ process }) => process.pid)
  print(options, { stopped: true, pid: host.pid, root, left }, [
    `The host (process ${host.pid}) has ended${left.length === 0 ? ', and everything that it ran.' : '.'}`,
    ...(left.length === 0
      ? []
      : [
          `! These go on, because it was started with --keep-running: processes ${left.join(', ')}. The next host adopts them.`,
        ]),
  ])
}

/** Who keeps the folder, as its lock says: a number and a start time, so that no other process is meant. */
function holderOf(root: string): ProcessIdentity | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(join(root, 'host.lock'), 'utf8')) as Partial<ProcessIdentity>
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined
  } catch {
    return undefined
  }
}
