import type pg from 'pg'
import type { ChangeId } from '../../core/index.ts'
import type { Guard } from '../../judge/index.ts'
import type { Effect, World, WorldExposure } from '../../judge/simulate/index.ts'
import { type ClosedWindow, type Liveness, type Measurement, windowMs } from '../../observe/index.ts'

type Watch = {
  readonly change: ChangeId
  readonly guards: readonly Guard[]
  readonly sampleRate: number
  open: boolean
}
type FlagRow = { go_id: bigint | null; salt: string; stage: number; share: number; share_before: number }

/** Window closed, judged, written, and known to every process: as the judge's own simulation assumes. */
const reactionMs = 3_000

/** What the world does by itself. Tests change it while it runs. */
export type WorldSettings = {
  /** What a change really does to those who are exposed to it. */
  effects: Map<string, Effect>
  /** What the processes say of themselves. */
  liveness: Liveness
}

export type WorldMeasurement = Measurement & {
  /** Lets the world go on for one window, with the shares that stand in the database now. */
  step(startMs: number): Promise<void>
  /** What is true of a change, whether or not anyone measured it. */
  truth(change: string): { readonly harmed: number; readonly exposed: number }
  readonly settings: WorldSettings
}

export const aliveAndWell = (requestsPerSecond: number): Liveness => ({
  processes: [{ processId: 'shop-1', service: 'shop', ageMs: 5_000, stopped: false }],
  requests: requestsPerSecond * 120,
  expected: requestsPerSecond * 120,
})

/**
 * Measures the simulated shop. The shares come from `sankofa.flag`, as in a service: what the executor did not write
 * there does not happen.
 */
export function worldMeasurement(options: {
  readonly world: World
  readonly pool: pg.Pool
  readonly requestsPerSecond: number
}): WorldMeasurement {
  const { world, pool } = options
  let shown: readonly WorldExposure[] = []
  const watches = new Map<bigint, Watch>()
  const waiting = new Map<bigint, ClosedWindow[]>()
  const judged = new Map<bigint, ClosedWindow[]>()
  const truths = new Map<string, { harmed: number; exposed: number }>()
  const settings: WorldSettings = { effects: new Map(), liveness: aliveAndWell(options.requestsPerSecond) }

  return {
    settings,
    truth: (change) => truths.get(change) ?? { harmed: 0, exposed: 0 },
    async step(startMs) {
      const rows = await pool.query<FlagRow>(
        `select flag.go_id, flag.salt, flag.stage, flag.share, flag.share_before
           from sankofa.flag as flag
          where flag.go_id is not null`,
      )
      const exposures = rows.rows.flatMap((row) => {
        const watch = row.go_id === null ? undefined : watches.get(row.go_id)
        if (row.go_id === null || watch === undefined || !watch.open) return []
        const effect = settings.effects.get(watch.change) ?? {}
        const { guards, sampleRate } = watch
        const place = { salt: row.salt, stage: row.stage, share: row.share, shareBefore: row.share_before }
        return [{ goId: row.go_id, ...place, effect, guards, sampleRate }]
      })
      const gone = shown.filter(({ goId }) => !exposures.some((exposure) => exposure.goId === goId))
      shown = exposures
      // What was taken back at the end of the window before is shown until every process has heard of it.
      const lingering = gone.map((exposure) => ({ ...exposure, exposedUntilMs: startMs + reactionMs }))
      const seen = world.window({ startMs, exposures: [...exposures, ...lingering] })
      for (const [goId, change] of seen.changes) {
        const watch = watches.get(goId)
        if (watch === undefined) continue
        truths.set(watch.change, { harmed: change.customersHarmed, exposed: change.customersExposed })
        const { stage, subjects, newErrorKinds } = change
        const window = { startMs, stage, subjects, newErrorKinds }
        waiting.set(goId, [...(waiting.get(goId) ?? []), window])
      }
    },
    baseline: async () => world.baseline(),
    async openWatch(goId, change, guards, sampleRate) {
      if (!watches.has(goId)) watches.set(goId, { change, guards, sampleRate, open: true })
    },
    async closeWatch(goId) {
      const watch = watches.get(goId)
      if (watch !== undefined) watch.open = false
    },
    async newWindows(goId, nowMs) {
      const all = waiting.get(goId) ?? []
      const whole = all.filter((window) => window.startMs + windowMs <= nowMs)
      waiting.set(
        goId,
        all.filter((window) => window.startMs + windowMs > nowMs),
      )
      judged.set(goId, [...(judged.get(goId) ?? []), ...whole])
      return whole
    },
    judgedWindows: async (goId) => judged.get(goId) ?? [],
    liveness: async () => settings.liveness,
    totals: async () => [],
  }
}
