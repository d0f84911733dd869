import { kindsToHoldFor, silence } from 'sankofa/judge'
import { createWorld, type Effect, effects, environments, runStudy } from 'sankofa/judge/simulate'
import { type Cells, median, percent, seconds } from './table.ts'

const shop = { customers: 2_000, requestsPerSecond: 50 }
const shares = [0.02, 0.1, 0.5, 0.99]

/** Holds by the plain rule (two exposed, no control) and by the one that weighs the share, in the same rollouts. */
export function kindStudy(seed: number, runs: number): readonly Cells[] {
  const row = (name: string, effect: Effect, newKindsPerHour: number): Cells => {
    const plain = new Map<number, number>()
    const weighed = new Map<number, number>()
    runStudy({
      seed,
      runs,
      world: { ...shop, environment: { ...environments.calm, newKindsPerHour } },
      rollout: { effect, untilMs: 3_600_000 },
      beside: (run) => ({
        onWindow: ({ newErrorKinds, stage }, startMs) => {
          const share = shares[stage - 1] ?? 0
          const at = startMs / 1_000 + 10
          if (!plain.has(run) && kindsToHoldFor(newErrorKinds).length > 0) plain.set(run, at)
          if (!weighed.has(run) && kindsToHoldFor(newErrorKinds, share).length > 0) weighed.set(run, at)
        },
      }),
    })
    const cell = (held: ReadonlyMap<number, number>): string =>
      `${percent(held.size / runs)}, ${seconds(median([...held.values()]))}`
    return { case: name, 'two exposed, no control': cell(plain), 'weighed by the share': cell(weighed) }
  }
  return [
    row('harmless, 6 new kinds an hour arise by themselves', effects.none, 6),
    row('1 request in 200 fails with a new kind', { fails: 0.005, newKind: true }, 0),
    row('1 request in 1,000 fails with a new kind', { fails: 0.001, newKind: true }, 0),
  ]
}

/** A hundred hours of a shop that works; a look every 10 s. */
export function silenceStudy(seed: number): readonly Cells[] {
  const hours = 100
  return [0.2, 0.5, 1, 1.25, 2, 5].map((requestsPerSecond) => {
    const world = createWorld({ seed, customers: 500, requestsPerSecond })
    const recent: number[] = []
    const expected = requestsPerSecond * 120
    let [pauses, quiet, wasPaused, wasQuiet] = [0, 0, false, false]
    for (let i = 0; i < hours * 360; i++) {
      recent.push(world.window({ startMs: i * 10_000, exposures: [] }).requests)
      if (recent.length > 12) recent.shift()
      const requests = recent.reduce((sum, n) => sum + n, 0)
      const isQuiet = requests === 0
      const paused =
        silence({ processes: [{ service: 'shop', ageMs: 0, stopped: false }], requests, expected }) !== undefined
      if (isQuiet && !wasQuiet) quiet++
      if (paused && !wasPaused) pauses++
      wasQuiet = isQuiet
      wasPaused = paused
    }
    const aDay = (n: number): string => `${Number(((24 * n) / hours).toPrecision(2))}`
    return {
      'requests a second': requestsPerSecond,
      'expected in 2 min': expected,
      'if 20 expected were enough': expected >= 20 ? aDay(quiet) : '0',
      pauses: aDay(pauses),
    }
  })
}
