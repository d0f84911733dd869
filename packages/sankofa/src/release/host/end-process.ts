import type { Clock } from '../../core/index.ts'
import type { ProcessTable } from './process-identity.ts'
import type { Watched } from './start-process.ts'
import { taggedProcesses } from './tagged-processes.ts'

/**
 * SIGTERM, time to end, SIGKILL for the group, and the end of whatever it started and left behind.
 *
 * @returns how it ended
 */
export async function endProcess(
  watched: Watched,
  options: {
    readonly withinMs: number
    readonly processes: ProcessTable
    readonly clock: Clock
    /** Aborted: it is left to end by itself. */
    readonly signal: AbortSignal
  },
): Promise<'gone' | 'ended' | 'killed' | 'left'> {
  const { processes, clock, signal } = options
  if (!processes.signal(watched.process, 'SIGTERM', 'one')) return 'gone'
  // A process that is stopped hears nothing until it may go on.
  processes.signal(watched.process, 'SIGCONT', 'one')
  if (await isGoneWithin(watched, options.withinMs, clock, signal)) return 'ended'
  if (signal.aborted) return 'left'
  processes.signal(watched.process, 'SIGKILL', 'group')
  await isGoneWithin(watched, 5_000, clock, signal)
  return 'killed'
}

/** Ends what carries the tag: what a process that has ended left behind, or nobody wants. @returns how many */
export function endTagged(root: string, tag: string, processes: ProcessTable): number {
  return taggedProcesses(root)
    .filter((found) => found.tag === tag)
    .map((found) => processes.signal(found.process, 'SIGKILL', 'one'))
    .filter(Boolean).length
}

async function isGoneWithin(watched: Watched, withinMs: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const patience = new AbortController()
  const isGone = await Promise.race([
    watched.gone.then(() => true),
    clock.sleep(withinMs, AbortSignal.any([patience.signal, signal])).then(() => false),
  ])
  patience.abort()
  return isGone
}
