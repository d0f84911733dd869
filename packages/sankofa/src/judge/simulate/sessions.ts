import type { Population } from './population.ts'
import type { Random } from './random.ts'

/** Who is in the shop now, and when each of them asks next. */
export type Sessions = {
  readonly active: number[]
  readonly nextAtMs: Float64Array
  readonly requestsLeft: Int32Array
  /** Brings those who arrive in [from, to) in, unless `refuse` says that they never get here. */
  arrive(fromMs: number, toMs: number, refuse: (customer: number) => boolean): void
  thinkMs(): number
  /** Takes out those who have nothing left to ask. */
  sweep(): void
  leaveForGood(customer: number): void
}

export function createSessions(shop: {
  readonly random: Random
  readonly population: Population
  readonly customers: number
  readonly startsPerMs: number
  readonly meanRequests: number
  readonly thinkMs: number
}): Sessions {
  const { random } = shop
  const active: number[] = []
  const nextAtMs = new Float64Array(shop.customers)
  const requestsLeft = new Int32Array(shop.customers)
  const gone = new Uint8Array(shop.customers)
  const enter = (customer: number, atMs: number, requests: number): void => {
    nextAtMs[customer] = atMs
    requestsLeft[customer] = requests
    active.push(customer)
  }
  /** From 1 to 2·mean − 1, each as likely. */
  const sessionLength = (): number => 1 + Math.floor(random.uniform() * (2 * shop.meanRequests - 1))
  const pickFree = (): number | undefined => {
    for (let attempt = 0; attempt < 8; attempt++) {
      const customer = shop.population.pick()
      if ((requestsLeft[customer] ?? 0) === 0 && gone[customer] === 0) return customer
    }
    return undefined
  }
  let opened = false
  /** The shop is open already: as many as are usually in, each somewhere within the session. */
  const open = (atMs: number): void => {
    opened = true
    const inside = random.poisson(shop.startsPerMs * shop.meanRequests * shop.thinkMs)
    for (let i = 0; i < inside; i++) {
      const customer = pickFree()
      // Long sessions are met more often than short ones: the larger of two uniforms has that law.
      const length = Math.max(sessionLength(), sessionLength())
      if (customer !== undefined)
        enter(customer, atMs + shop.thinkMs * random.exponential(), Math.ceil(random.uniform() * length))
    }
  }
  return {
    active,
    nextAtMs,
    requestsLeft,
    arrive: (fromMs, toMs, refuse) => {
      if (!opened) open(fromMs)
      const arrivals = random.poisson(shop.startsPerMs * (toMs - fromMs))
      for (let i = 0; i < arrivals; i++) {
        const customer = pickFree()
        if (customer === undefined || refuse(customer)) continue
        enter(customer, fromMs + random.uniform() * (toMs - fromMs), sessionLength())
      }
    },
    thinkMs: () => shop.thinkMs * random.exponential(),
    sweep: () => {
      let kept = 0
      for (const customer of active) if ((requestsLeft[customer] ?? 0) > 0) active[kept++] = customer
      active.length = kept
    },
    leaveForGood: (customer) => {
      requestsLeft[customer] = 0
      gone[customer] = 1
    },
  }
}
