import type { Watch } from './exposure.ts'

/** How a request ended, as far as guards ask. */
export type Outcome = {
  readonly route: string
  readonly totalUs: number
  readonly failed: boolean
  readonly unanswered: boolean
  /** Names of business attempts that were begun and not completed. */
  readonly notCompleted: readonly string[]
}

/** Which guards a request failed: bit i for guard i of the watch. */
export type GuardBits = (outcome: Outcome) => number

/** Looks the guards up once, so that a request costs a few reads of maps. */
export function guardBits(watch: Watch): GuardBits {
  let errors = 0
  let unanswered = 0
  const routeErrors = new Map<string, number>()
  const business = new Map<string, number>()
  const latency = new Map<string, { readonly aboveUs: number; readonly bit: number }[]>()
  for (const [index, guard] of watch.guards.entries()) {
    const bit = 1 << index
    switch (guard.measure) {
      case 'errors':
        errors |= bit
        break
      case 'unanswered':
        unanswered |= bit
        break
      case 'route-errors':
        routeErrors.set(guard.route, (routeErrors.get(guard.route) ?? 0) | bit)
        break
      case 'business':
        business.set(guard.attempt, (business.get(guard.attempt) ?? 0) | bit)
        break
      case 'latency':
        for (const [route, aboveUs] of Object.entries(guard.thresholdsUs)) {
          const slower = latency.get(route) ?? []
          slower.push({ aboveUs, bit })
          latency.set(route, slower)
        }
        break
      default:
        guard satisfies never
    }
  }
  return (outcome) => {
    let failed = 0
    if (outcome.failed) failed |= errors | (routeErrors.get(outcome.route) ?? 0)
    if (outcome.unanswered) failed |= unanswered
    for (const name of outcome.notCompleted) failed |= business.get(name) ?? 0
    // A threshold is the upper edge of its bucket, so "above it" and "in a higher bucket" are the same.
    for (const { aboveUs, bit } of latency.get(outcome.route) ?? none) if (outcome.totalUs > aboveUs) failed |= bit
    return failed
  }
}

const none: readonly { readonly aboveUs: number; readonly bit: number }[] = []
