import type { WorldExposure } from './change-in-world.ts'
import type { Environment } from './environment.ts'
import type { Random } from './random.ts'

/** What happens to everyone alike: drift, an incident, new kinds of error. */
export type Weather = {
  readonly failShare: number
  readonly lnSlower: number
  at(nowMs: number): void
  /** The kind of a failure that no change caused, when it is a new one. */
  kindOfFailure(): string | undefined
}

const incidentMs = 120_000
const incidentWithinMs = 600_000

export function createWeather(random: Random, environment: Environment, errorShare: number): Weather {
  const incidentAtMs = random.uniform() * incidentWithinMs
  let firstMs: number | undefined
  let nextKindMs = Number.POSITIVE_INFINITY
  let kinds = 0
  const state = { failShare: errorShare, lnSlower: 0 }
  return {
    get failShare() {
      return state.failShare
    },
    get lnSlower() {
      return state.lnSlower
    },
    at: (nowMs) => {
      firstMs ??= nowMs
      const sinceMs = nowMs - firstMs
      const drifted = Math.min(sinceMs / environment.driftMs, 1)
      const inIncident = sinceMs >= incidentAtMs && sinceMs < incidentAtMs + incidentMs
      state.failShare =
        errorShare * (1 + drifted * (environment.errorDrift - 1)) + (inIncident ? environment.incidentShare : 0)
      state.lnSlower = Math.log(1 + drifted * (environment.latencyDrift - 1))
      if (environment.newKindsPerHour === 0) return
      const gapMs = 3_600_000 / environment.newKindsPerHour
      if (nextKindMs === Number.POSITIVE_INFINITY) nextKindMs = nowMs + gapMs * random.exponential()
      for (; nextKindMs <= nowMs; nextKindMs += gapMs * random.exponential()) kinds++
    },
    kindOfFailure: () => (kinds > 0 && random.uniform() < 0.1 ? `by itself ${kinds}` : undefined),
  }
}

/** Two changes of others that really harm, a tenth of the customers each. */
export function otherChanges(seed: number): readonly WorldExposure[] {
  const other = { stage: 1, share: 0.1, shareBefore: 0 }
  return [
    { ...other, goId: -1n, salt: `other ${seed} errors`, effect: { fails: 0.03 } },
    { ...other, goId: -2n, salt: `other ${seed} latency`, effect: { slower: 1.3 } },
  ]
}
