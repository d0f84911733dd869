import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Layout, layoutOf } from '../../layout.ts'
import { createKeeper, type Keeper, type KeeperInternals, type KeeperOptions } from '../keeper.ts'
import { type TaggedProcess, taggedProcesses } from '../tagged-processes.ts'

export type TestHost = {
  readonly layout: Layout
  /** What the gateway was told, the newest last: the releases. */
  readonly told: (readonly string[])[]
  /** Requests in flight that the gateway tells of. */
  readonly inFlight: Map<string, number | undefined>
  keeper(more?: Partial<KeeperOptions>, internals?: KeeperInternals): Keeper
  tagged(): readonly TaggedProcess[]
}

/** A folder of a host; when the test ends, whatever still runs there is ended. A test that runs beside others gives its own hook. */
export function testHost(onTestFinished: (work: () => Promise<void>) => void): TestHost {
  const layout = layoutOf(realpathSync(mkdtempSync(join(tmpdir(), 'sankofa-host-'))))
  const told: (readonly string[])[] = []
  const inFlight = new Map<string, number | undefined>()
  const keepers: Keeper[] = []
  onTestFinished(async () => {
    for (const keeper of keepers) await keeper.stop('leave')
    for (const { process: each } of taggedProcesses(layout.root)) process.kill(each.pid, 'SIGKILL')
    rmSync(layout.root, { recursive: true, force: true })
  })
  return {
    layout,
    told,
    inFlight,
    tagged: () => taggedProcesses(layout.root),
    keeper(more = {}, internals = {}) {
      const keeper = createKeeper(
        {
          layout,
          environment: {},
          inFlight: async (release) => (inFlight.has(release) ? inFlight.get(release) : 0),
          onUpstreams: async (upstreams) => void told.push(upstreams.map((each) => each.release).sort()),
          log: pino({ level: process.env.HOST_LOG ?? 'silent' }, pino.destination(2)),
          ...more,
        },
        internals,
      )
      keepers.push(keeper)
      return keeper
    },
  }
}
