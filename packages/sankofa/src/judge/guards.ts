import { type Guard, maximumGuards } from './types.ts'

/** What one route did before the change. */
export type RouteBaseline = {
  readonly route: string
  readonly requests: number
  /** Upper edge in µs of the bucket that holds the quantile; absent below 300 requests. */
  readonly thresholdsUs?: { readonly p75: number; readonly p90: number; readonly p95: number; readonly p99: number }
}

const groupWeights = { errors: 0.2, routes: 0.2, unanswered: 0.08, business: 0.22, latency: 0.25 } as const
const latencyQuantiles = [
  ['p75', 0.75],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const
const maximumRoutes = 20

/**
 * The guards of one rollout, frozen at `go`. Weights sum to .95, with .05 for the sample ratio; a group that has
 * nothing to watch leaves its weight to the others.
 *
 * @param attempts - names of the business attempts whose completion is watched
 * @throws RangeError for so many attempts that no room is left for routes
 */
export function buildGuards(before: {
  readonly routes: readonly RouteBaseline[]
  readonly attempts: readonly string[]
  /** When latency is judged; always unless told. */
  readonly latency?: { readonly fromShare: number; readonly warmUpMs: number }
}): readonly Guard[] {
  const room = maximumGuards - 2 - latencyQuantiles.length - before.attempts.length
  if (room < 1)
    throw new RangeError(`At most ${maximumGuards - 7} attempts can be watched; ${before.attempts.length} are named.`)
  const routes = busiest(before.routes, Math.min(maximumRoutes, room))
  const measured = before.routes.filter((route) => route.thresholdsUs !== undefined)
  const used =
    groupWeights.errors +
    groupWeights.unanswered +
    (routes.length > 0 ? groupWeights.routes : 0) +
    (before.attempts.length > 0 ? groupWeights.business : 0) +
    (measured.length > 0 ? groupWeights.latency : 0)
  // By the root of their traffic: a fault on a busy route hurts more customers sooner, a quiet one is still watched.
  const roots = routes.reduce((sum, { requests }) => sum + Math.sqrt(requests), 0)
  const weightOf = (group: keyof typeof groupWeights, among = 1): number => (groupWeights[group] * 0.95) / used / among
  return [
    { id: 'errors', measure: 'errors', weight: weightOf('errors') },
    { id: 'unanswered', measure: 'unanswered', weight: weightOf('unanswered') },
    ...before.attempts.map(
      (attempt): Guard => ({
        id: `business ${attempt}`,
        measure: 'business',
        attempt,
        weight: weightOf('business', before.attempts.length),
      }),
    ),
    ...(measured.length === 0 ? [] : latencyQuantiles).map(
      ([name, quantile]): Guard => ({
        id: `latency ${name}`,
        measure: 'latency',
        quantile,
        thresholdsUs: Object.fromEntries(measured.map(({ route, thresholdsUs }) => [route, thresholdsUs?.[name] ?? 0])),
        weight: weightOf('latency', latencyQuantiles.length),
        ...before.latency,
      }),
    ),
    ...routes.map(
      ({ route, requests }): Guard => ({
        id: `errors ${route}`,
        measure: 'route-errors',
        route,
        weight: weightOf('routes') * (Math.sqrt(requests) / roots),
      }),
    ),
  ]
}

/** Names in brackets, such as "(unmatched)", stand for many routes and are nobody's code. */
const busiest = (routes: readonly RouteBaseline[], most: number): readonly RouteBaseline[] =>
  routes
    .filter(({ route, requests }) => requests > 0 && !route.startsWith('('))
    .toSorted((a, b) => b.requests - a.requests || (a.route < b.route ? -1 : 1))
    .slice(0, most)

/** Whether failures of this guard count while `share` is exposed, in a stage that is `ageMs` old. */
export const isJudgedAt = (guard: Guard, share: number, ageMs: number): boolean =>
  guard.measure !== 'latency' || (share >= (guard.fromShare ?? 0) && ageMs >= (guard.warmUpMs ?? 0))
