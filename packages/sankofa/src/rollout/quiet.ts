import type { ChangeState, Go } from '../journal/index.ts'
import { silence } from '../judge/index.ts'
import type { Liveness } from '../observe/index.ts'

/** A process that reports at all does so every 10 s; three misses are not "back". */
const freshMs = 30_000
const silentMs = 120_000
/** A process that was silent for this long before the exposure went up never had a part in it. */
const graceMs = 60_000

type Process = Liveness['processes'][number]

/**
 * Why the exposure of a change must stand at 0, or `undefined`. Missing data is never good news.
 *
 * It takes 2 min of silence to bring the exposure down. To bring it up again, every service must report anew; a process
 * that died and was replaced does not keep it down.
 */
export function quietFor(state: ChangeState, liveness: Liveness, nowMs: number): string | undefined {
  if (state.paused !== undefined || state.stage === 0) return notBack(liveness)
  const upSinceMs = exposureUpSinceMs(state.go)
  const concerned = liveness.processes.filter((process) => nowMs - process.ageMs >= upSinceMs - graceMs)
  // One that stopped a moment ago is a restart under way: it has the same 2 min as any other.
  const reporting = concerned.map((process) => ({ ...process, stopped: process.stopped && process.ageMs >= silentMs }))
  return stoppedService(concerned) ?? silence({ ...liveness, processes: reporting })
}

function exposureUpSinceMs(go: Go | undefined): number {
  const resumed = go?.pauses.at(-1)?.to
  return (resumed ?? go?.begun[0]?.at)?.getTime() ?? 0
}

/** A process that stops in good order is not silence, as long as others of its service report. */
function stoppedService(processes: readonly Process[]): string | undefined {
  for (const [service, members] of byService(processes)) {
    if (members.every((process) => process.stopped) && members.every((process) => process.ageMs >= silentMs)) {
      return `Every process of ${service} has stopped, and none has begun again.`
    }
  }
  return undefined
}

function notBack(liveness: Liveness): string | undefined {
  for (const [service, members] of byService(liveness.processes)) {
    const reports = members.some((process) => !process.stopped && process.ageMs < freshMs)
    if (!reports) return `No process of ${service} reports.`
  }
  return silence({ ...liveness, processes: liveness.processes.filter((process) => process.ageMs < freshMs) })
}

function byService(processes: readonly Process[]): ReadonlyMap<string, readonly Process[]> {
  return Map.groupBy(processes, (process) => process.service)
}
