import { unitInterval } from '../assignment.ts'
import type { Traffic } from '../forecast.ts'
import type { RouteBaseline } from '../guards.ts'
import { windowMs } from '../types.ts'
import type { Assign, WorldExposure, WorldWindow } from './change-in-world.ts'
import { type Environment, environments } from './environment.ts'
import { type Mix, shopMix } from './mix.ts'
import { createPopulation } from './population.ts'
import { createRandom } from './random.ts'
import { createServing, type OnRequest } from './serving.ts'
import { createSessions } from './sessions.ts'

export type WorldOptions = {
  readonly seed: number
  readonly customers: number
  readonly requestsPerSecond: number
  readonly environment?: Environment
  readonly mix?: Mix
  /** Share of requests that fail whatever is out. */
  readonly errorShare?: number
  /** Share of checkouts that are answered, but not completed: an empty wallet, no stock. */
  readonly incompleteShare?: number
  /** ln-sd of the latency of one customer's requests on one route; 0.5 when absent. */
  readonly requestLogSd?: number
  /** Replaces the SHA-256 assignment where only its law matters and time does. */
  readonly assign?: Assign
  /** Sees every request: for methods that count requests. */
  readonly onRequest?: OnRequest
}

/** What the last hour looked like; has the shape of a measured baseline. */
export type WorldBaseline = Traffic & { readonly routes: readonly (RouteBaseline & { readonly errorShare: number })[] }

export type World = {
  readonly mix: Mix
  baseline(): WorldBaseline
  /** The next 10 s. Windows follow one another; every change that is out, or is to be reported, is given each time. */
  window(at: { readonly startMs: number; readonly exposures: readonly WorldExposure[] }): WorldWindow
}

const sessionRequests = 15
const thinkMs = 4_000
/**
 * A shop with synthetic customers, on a clock of its own, stepped window by window. The same seed and the same steps
 * give the same world.
 */
export function createWorld(options: WorldOptions): World {
  const random = createRandom(options.seed)
  const environment = options.environment ?? environments.calm
  const mix = options.mix ?? shopMix()
  const errorShare = options.errorShare ?? 0.01
  const population = createPopulation(random, options.customers, environment)
  const sessions = createSessions({
    random,
    population,
    customers: options.customers,
    startsPerMs: options.requestsPerSecond / sessionRequests / 1_000,
    meanRequests: sessionRequests,
    thinkMs,
  })
  const serving = createServing({
    random,
    population,
    sessions,
    mix,
    environment,
    errorShare,
    incompleteShare: options.incompleteShare ?? 0.03,
    requestLogSd: options.requestLogSd ?? 0.5,
    customers: options.customers,
    assign: options.assign ?? unitInterval,
    onRequest: options.onRequest,
  })
  return {
    mix,
    baseline: () => ({
      requestsPerSecond: options.requestsPerSecond,
      subjectsPerWindow: Math.min(options.requestsPerSecond * 4.2, options.customers),
      subjects: Math.round(options.customers * (1 - Math.exp(-(options.requestsPerSecond * 240) / options.customers))),
      firstFailuresPerSecond: options.requestsPerSecond * errorShare * 0.9,
      routes: routesBefore(mix, options.requestsPerSecond, errorShare, serving.relativeQuantiles),
    }),
    window: ({ startMs, exposures }) => serving.window(startMs, startMs + windowMs, exposures),
  }
}

/** The hour before: thresholds are bucket edges, 32 an octave. */
function routesBefore(
  mix: Mix,
  requestsPerSecond: number,
  errorShare: number,
  relativeQuantiles: (probabilities: readonly number[]) => readonly number[],
): WorldBaseline['routes'] {
  const [p75 = 0, p90 = 0, p95 = 0, p99 = 0] = relativeQuantiles([0.75, 0.9, 0.95, 0.99])
  return mix.map(({ route, share, medianUs }) => {
    const requests = Math.round(requestsPerSecond * 3_600 * share)
    const edge = (ln: number): number => 2 ** ((Math.floor((32 * (Math.log(medianUs) + ln)) / Math.LN2) + 1) / 32)
    const thresholdsUs = { p75: edge(p75), p90: edge(p90), p95: edge(p95), p99: edge(p99) }
    return { route, requests, errorShare, ...(requests >= 300 ? { thresholdsUs } : {}) }
  })
}
