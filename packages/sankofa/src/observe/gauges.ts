import { statfs } from 'node:fs/promises'
import { cpus, freemem, totalmem } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Measurements of the process and its host at the end of a window; units in the names, shares in [0, 1] of one core or of the host. */
export const gaugeNames = [
  'cpuProcessCores',
  'cpuHostShare',
  'memoryResidentBytes',
  'memoryHeapBytes',
  'memoryHostAvailableBytes',
  'memoryHostTotalBytes',
  'diskDirectoryFreeBytes',
  'diskDirectoryTotalBytes',
  'diskRootFreeBytes',
  'diskRootTotalBytes',
  'eventLoopDelayP99Ms',
  'eventLoopDelayMaxMs',
  'requestsInFlight',
  'windowsPending',
  'stopping',
] as const
export type GaugeName = (typeof gaugeNames)[number]
/** Plain numbers; what could not be read is absent. */
export type Gauges = Partial<Record<GaugeName, number>>

const loopResolutionMs = 20

export type GaugeReader = {
  /** What happened since the call before. */
  read(): Gauges
  /** Asks the file system anew; the answer is in the reads after it. */
  refreshDisk(): Promise<void>
  stop(): void
}

/** @param directory - a directory on the disk that the service writes to */
export function readGauges(directory: string | undefined): GaugeReader {
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs })
  loop.enable()
  let cpuBefore = process.cpuUsage()
  let atBefore = performance.now()
  let hostBefore = hostTimes()
  let disk: Gauges = {}
  return {
    read() {
      const cpu = process.cpuUsage(cpuBefore)
      const at = performance.now()
      const host = hostTimes()
      const memory = process.memoryUsage()
      const busy = host.busy - hostBefore.busy
      const all = busy + host.idle - hostBefore.idle
      const gauges: Gauges = {
        cpuProcessCores: (cpu.user + cpu.system) / 1_000 / Math.max(1, at - atBefore),
        ...(all > 0 ? { cpuHostShare: busy / all } : {}),
        memoryResidentBytes: memory.rss,
        memoryHeapBytes: memory.heapUsed,
        memoryHostAvailableBytes: freemem(),
        memoryHostTotalBytes: totalmem(),
        ...disk,
        eventLoopDelayP99Ms: beyondResolution(loop.percentile(99)),
        eventLoopDelayMaxMs: beyondResolution(loop.max),
      }
      cpuBefore = process.cpuUsage()
      atBefore = at
      hostBefore = host
      loop.reset()
      return gauges
    },
    async refreshDisk() {
      const [root, own] = await Promise.all([space('/'), directory === undefined ? undefined : space(directory)])
      disk = {
        ...(root === undefined ? {} : { diskRootFreeBytes: root.free, diskRootTotalBytes: root.total }),
        ...(own === undefined ? {} : { diskDirectoryFreeBytes: own.free, diskDirectoryTotalBytes: own.total }),
      }
    },
    stop() {
      loop.disable()
    },
  }
}

// The monitor measures the time between its own ticks, so an idle loop shows its resolution.
const beyondResolution = (ns: number): number => Math.max(0, ns / 1e6 - loopResolutionMs)

function hostTimes(): { readonly busy: number; readonly idle: number } {
  let busy = 0
  let idle = 0
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq
    idle += times.idle
  }
  return { busy, idle }
}

/** Free for an ordinary user, and the whole; `undefined` where the path cannot be asked: unknown, not zero. */
async function space(path: string): Promise<{ readonly free: number; readonly total: number } | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(path)
    return { free: bavail * bsize, total: blocks * bsize }
  } catch {
    return undefined
  }
}
