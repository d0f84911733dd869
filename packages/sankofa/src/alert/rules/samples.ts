import type { GaugeName, Signals } from '../../observe/index.ts'
import type { RuleName } from './rule.ts'

/** How far back the signals of a sample go. */
export const sampledMs = 100_000
const gaugesOldestMs = 45_000
const errorsWithinMs = 60_000
// Reports of a window arrive within some seconds of its end.
const reportLagMs = 15_000
const fewestRequests = 20

/** The newest value of each rule's signal; `undefined` where nothing is known. With several processes, the worst. */
export function samplesOf(signals: Signals, nowMs: number): { readonly [name in RuleName]: number | undefined } {
  const gauges = signals.processes.flatMap(({ points }) => {
    const newest = points.at(-1)
    return newest !== undefined && nowMs - newest.atMs <= gaugesOldestMs ? [newest.gauges] : []
  })
  const worst = (name: GaugeName): number | undefined => highest(gauges.flatMap((each) => each[name] ?? []))
  const left = (free: GaugeName, total: GaugeName): readonly number[] =>
    gauges.flatMap((each) => {
      const all = each[total]
      const rest = each[free]
      return all === undefined || rest === undefined || all <= 0 ? [] : [rest / all]
    })
  return {
    cpu: worst('cpuHostShare'),
    memory: lowest(left('memoryHostAvailableBytes', 'memoryHostTotalBytes')),
    disk: lowest([
      ...left('diskDirectoryFreeBytes', 'diskDirectoryTotalBytes'),
      ...left('diskRootFreeBytes', 'diskRootTotalBytes'),
    ]),
    errors: errorShare(signals, nowMs),
    'event-loop': worst('eventLoopDelayP99Ms'),
    measurement: silentForS(signals),
  }
}

function errorShare({ traffic }: Signals, nowMs: number): number | undefined {
  let requests = 0
  let failed = 0
  for (const step of traffic) {
    if (step.atMs < nowMs - reportLagMs - errorsWithinMs || step.atMs >= nowMs - reportLagMs) continue
    if (step.requests === undefined || step.errorShare === undefined) continue
    requests += step.requests
    failed += step.requests * step.errorShare
  }
  return requests < fewestRequests ? undefined : failed / requests
}

/** Processes that said that they stop are not silent. */
function silentForS({ ageMs, processes }: Signals): number | undefined {
  if (ageMs === undefined) return undefined
  const stopped = processes.length > 0 && processes.every(({ points }) => points.at(-1)?.gauges.stopping !== undefined)
  return stopped ? undefined : ageMs / 1_000
}

const highest = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : Math.max(...values)
const lowest = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : Math.min(...values)
