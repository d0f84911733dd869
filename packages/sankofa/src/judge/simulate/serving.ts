import {
  type Assign,
  type ChangeRecord,
  createRecord,
  noteHarm,
  noteKind,
  placeOf,
  type WorldExposure,
  type WorldWindow,
} from './change-in-world.ts'
import type { Environment } from './environment.ts'
import { guardCodes, slowBitsOf } from './guard-codes.ts'
import { createHangs } from './hangs.ts'
import { type Live, liveOf, reportOf } from './live.ts'
import { checkoutRoute, type Mix } from './mix.ts'
import type { Population } from './population.ts'
import type { Random } from './random.ts'
import type { Sessions } from './sessions.ts'
import { createWeather, otherChanges } from './weather.ts'

/** One request: who, whether it failed, ln µs, and the arm of the first change that is reported. */
export type OnRequest = (customer: number, failed: boolean, lnUs: number, exposed: boolean) => void

export type Shop = {
  readonly random: Random
  readonly population: Population
  readonly sessions: Sessions
  readonly mix: Mix
  readonly environment: Environment
  readonly errorShare: number
  /** Share of checkouts that are answered, but not completed: an empty wallet, no stock. */
  readonly incompleteShare: number
  readonly requestLogSd: number
  readonly customers: number
  readonly assign: Assign
  readonly onRequest: OnRequest | undefined
}

export type Serving = {
  window(fromMs: number, toMs: number, exposures: readonly WorldExposure[]): WorldWindow
  /** Of ln latency relative to the route's median, as it was before the first window. */
  readonly relativeQuantiles: (probabilities: readonly number[]) => readonly number[]
}

/** Requests are drawn one by one from each customer's session; a route by 1,024 equal slots. */
export function createServing(shop: Shop): Serving {
  const { random, population, sessions, environment } = shop
  const routeSlots = slotsOf(shop.mix)
  const lnMedian = Float64Array.from(shop.mix, ({ medianUs }) => Math.log(medianUs))
  const checkout = shop.mix.findIndex(({ route }) => route === checkoutRoute)
  const others = environment.otherChanges ? otherChanges(random.bits()) : []
  const weather = createWeather(random, environment, shop.errorShare)
  const hangs = createHangs(random, environment)
  const before = relativeLatencies(shop)
  const records = new Map<bigint, ChangeRecord>()
  const touchedAt = new Int32Array(shop.customers)
  const touched: number[] = []
  const totals = { requests: 0, failures: 0 }
  let lives: readonly Live[] = []
  let acting: readonly Live[] = []
  let watched: readonly Live[] = []
  let windowNumber = 0

  const touch = (customer: number): void => {
    if (touchedAt[customer] === windowNumber) return
    touchedAt[customer] = windowNumber
    touched.push(customer)
    for (const live of watched) live.bits[customer] = 0
  }

  const exposedTo = (live: Live, customer: number): boolean =>
    placeOf(live.record.place, live.exposure.salt, customer, shop.assign) < live.exposure.share

  /** The same customers each time, whatever the share. */
  const losesWay = (live: Live, customer: number): boolean =>
    ((live.record.place[customer] ?? 0) * 7_919) % 1 < live.lost

  const addBits = (customer: number, bitsOf: (live: Live) => number): void => {
    for (const live of watched) live.bits[customer] = (live.bits[customer] ?? 0) | bitsOf(live)
  }

  const fail = (customer: number, route: number, kind: string | undefined): void => {
    const isCheckout = route === checkout
    for (const live of watched) {
      const codes = live.record.codes
      live.bits[customer] = (live.bits[customer] ?? 0) | (codes.failed[route] ?? 0) | (isCheckout ? codes.business : 0)
      if (kind !== undefined)
        noteKind(live.record, kind, shop.mix[route]?.route ?? '', customer, exposedTo(live, customer))
    }
  }

  const answer = (customer: number, failed: boolean, lnUs: number): void => {
    const times = failed && environment.retries > 0 ? 1 + random.poisson(environment.retries) : 1
    totals.requests += times
    if (failed) totals.failures += times
    for (const live of watched) {
      const arm = exposedTo(live, customer) ? live.arms.exposed : live.arms.control
      arm.requests += times
      if (failed) arm.failures += times
    }
    if (shop.onRequest === undefined) return
    const [first] = watched
    const exposed = first !== undefined && exposedTo(first, customer)
    for (let i = 0; i < times; i++) shop.onRequest(customer, failed, lnUs, exposed)
  }

  /** @returns when the customer thinks on, or `undefined` when the customer is gone */
  const serve = (customer: number, atMs: number): number | undefined => {
    touch(customer)
    const drawn = random.bits()
    const route = routeSlots[drawn & 1_023] ?? 0
    const normal = random.normalOf(drawn)
    let lnUs =
      (lnMedian[route] ?? 0) + (population.slowness[customer] ?? 0) + shop.requestLogSd * normal + weather.lnSlower
    let failed = random.uniform() < (population.chronic[customer] === 1 ? 0.5 : weather.failShare)
    let kind = failed ? weather.kindOfFailure() : undefined
    for (const live of acting) {
      if (!live.harms(customer, atMs) || !exposedTo(live, customer)) continue
      if (live.hangs > 0 && random.uniform() < live.hangs) {
        noteHarm(live.record, customer)
        return hangs.begin(customer, route, atMs)
      }
      const share = live.fails + (route === checkout ? live.failsCheckout : 0)
      if (!failed && share > 0 && random.uniform() < share) {
        failed = true
        noteHarm(live.record, customer)
        if (live.newKind) kind = `of ${live.exposure.goId}`
      }
      lnUs +=
        live.lnSlower + (route === checkout ? live.lnSlowerCheckout : 0) + (normal > 1.2816 ? live.lnSlowerTail : 0)
    }
    if (failed) fail(customer, route, kind)
    else if (route === checkout && random.uniform() < shop.incompleteShare)
      addBits(customer, ({ record }) => record.codes.business)
    for (const live of watched) {
      const slow = slowBitsOf(live.record.codes, route, lnUs)
      if (slow !== 0) live.bits[customer] = (live.bits[customer] ?? 0) | slow
    }
    answer(customer, failed, lnUs)
    if (failed && environment.leaveAfterFailure > 0 && random.uniform() < environment.leaveAfterFailure)
      return undefined
    return atMs
  }

  const visit = (customer: number, toMs: number): void => {
    let atMs = sessions.nextAtMs[customer] ?? 0
    let left = sessions.requestsLeft[customer] ?? 0
    while (left > 0 && atMs < toMs) {
      const doneMs = serve(customer, atMs)
      if (doneMs === undefined) {
        sessions.leaveForGood(customer)
        return
      }
      left--
      atMs = doneMs + sessions.thinkMs()
    }
    sessions.nextAtMs[customer] = atMs
    sessions.requestsLeft[customer] = left
  }

  const begin = (fromMs: number, exposures: readonly WorldExposure[]): void => {
    windowNumber++
    touched.length = 0
    totals.requests = 0
    totals.failures = 0
    weather.at(fromMs)
    lives = [...exposures, ...others].map((exposure) => {
      const record = records.get(exposure.goId) ?? createRecord(shop.customers, shop.mix)
      records.set(exposure.goId, record)
      if (exposure.guards !== undefined && exposure.guards !== record.guards) {
        record.guards = exposure.guards
        record.codes = guardCodes(exposure.guards, shop.mix)
      }
      return liveOf(exposure, record)
    })
    acting = lives.filter((live) => live.acts)
    watched = lives.filter((live) => live.exposure.guards !== undefined)
  }

  const endHangs = (toMs: number): void => {
    for (const hang of hangs.dueBefore(toMs)) {
      touch(hang.customer)
      addBits(
        hang.customer,
        ({ record }) => record.codes.unanswered | (hang.route === checkout ? record.codes.business : 0),
      )
      answer(hang.customer, true, Math.log(1e7))
      if (hang.leaves) sessions.leaveForGood(hang.customer)
    }
  }

  return {
    window: (fromMs, toMs, exposures) => {
      begin(fromMs, exposures)
      sessions.arrive(fromMs, toMs, (customer) =>
        acting.some((live) => live.lost > 0 && exposedTo(live, customer) && losesWay(live, customer)),
      )
      for (const customer of sessions.active) visit(customer, toMs)
      endHangs(toMs)
      sessions.sweep()
      const changes = new Map(watched.map((live) => [live.exposure.goId, reportOf(live, touched, shop.assign)]))
      return { startMs: fromMs, requests: totals.requests, failures: totals.failures, changes }
    },
    relativeQuantiles: (probabilities) => probabilities.map((p) => before[Math.floor(p * before.length)] ?? 0),
  }
}

function slotsOf(mix: Mix): Int32Array {
  const slots = new Int32Array(1_024)
  let [route, until] = [0, mix[0]?.share ?? 1]
  for (let slot = 0; slot < slots.length; slot++) {
    while ((slot + 0.5) / slots.length > until && route < mix.length - 1) until += mix[++route]?.share ?? 0
    slots[slot] = route
  }
  return slots
}

/** A sample of what requests looked like before, sorted. */
function relativeLatencies({ random, population, requestLogSd }: Shop): Float64Array {
  return Float64Array.from({ length: 4_000 }, () => {
    return (population.slowness[population.pick()] ?? 0) + requestLogSd * random.normalOf(random.bits())
  }).sort()
}
