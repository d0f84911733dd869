import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import type { Currency } from '../money.ts'
import { type SeedCustomer, seedPassword, sessionCookie } from '../seed/customers.ts'
import { type Browser, createBrowser } from './browser.ts'
import { heaviness, patience, session } from './mix.ts'
import { createTally, type Tally } from './tally.ts'
import { visit } from './visit.ts'

export type CustomersOptions = {
  readonly url: string
  readonly customers: readonly SeedCustomer[]
  /** The market's secret: customers begin with a session that was made with it. */
  readonly secret: string
  readonly requestsPerSecond: number
  /** At most so many visits at once; further ones are skipped and counted. */
  readonly visitsAtMost?: number
  readonly chance?: () => number
  /** Called every `reportEveryMs`. */
  readonly report?: (line: CustomersReport) => void
  readonly reportEveryMs?: number
  /** After `stop`, who still waits for an answer waits so long and no longer; 800 ms unless told. */
  readonly leavesWithinMs?: number
}

export type CustomersReport = Tally & {
  readonly at: string
  readonly visits: number
  /** Visits that did not begin because too many were under way. */
  readonly skipped: number
  /** Different customers who came since the start. */
  readonly distinct: number
}

type Person = {
  readonly customer: SeedCustomer
  readonly browser: Browser
  readonly currency: Currency
  busy: boolean
  awayUntilMs: number
}

/** Real HTTP clients who shop until they are stopped. */
export function startCustomers(options: CustomersOptions): { stop(): Promise<void> } {
  const { customers, secret, chance = Math.random, visitsAtMost = 400, reportEveryMs = 10_000 } = options
  const pool = new Pool(options.url, { connections: 256, pipelining: 1, keepAliveTimeout: 20_000 })
  const tally = createTally()
  const stopping = new AbortController()
  const under = new Set<Promise<void>>()
  const came = new Set<string>()
  let skipped = 0

  const people = customers.map((customer): Person => {
    const { name, value } = sessionCookie(customer.token, secret)
    const { shortest, longest } = patience.timeoutMs
    const browser = createBrowser(
      pool,
      Math.round(shortest + chance() * (longest - shortest)),
      tally.heard,
      new Map([[name, value]]),
    )
    return { customer, browser, currency: chance() < 0.8 ? 'NGN' : 'USD', busy: false, awayUntilMs: 0 }
  })
  const pick = createPicker(people.length, chance)

  const come = async (person: Person): Promise<void> => {
    person.busy = true
    came.add(person.customer.id)
    const { browser, customer } = person
    if (chance() < session.register) await register(createBrowser(pool, patience.timeoutMs.longest, tally.heard))
    if (chance() < session.signIn)
      await browser.send('POST', '/sign-in', { body: { email: customer.email, password: seedPassword } })
    const ended = await visit({ browser, currency: person.currency, chance, stopping: stopping.signal })
    const { shortest, longest } = patience.awayMs
    if (ended === 'annoyed') person.awayUntilMs = Date.now() + shortest + chance() * (longest - shortest)
    person.busy = false
  }

  const open = async (): Promise<void> => {
    const visitsPerSecond = options.requestsPerSecond / session.requests
    // As many as are there at any time later, so that the first minute is like the others.
    let first = Math.round((visitsPerSecond * session.requests * session.meanThinkMs) / 1_000)
    while (!stopping.signal.aborted) {
      const waitMs = first > 0 ? 30 : (-Math.log(1 - chance()) / visitsPerSecond) * 1_000
      first -= 1
      await delay(waitMs, undefined, { signal: stopping.signal })
      const person = freePerson(people, pick)
      if (person === undefined || under.size >= visitsAtMost) {
        skipped += 1
        continue
      }
      // What is no answer of the market is a mistake in here: it ends the process.
      const visiting = come(person).finally(() => under.delete(visiting))
      under.add(visiting)
    }
  }
  const opening = open().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  const reading = (): CustomersReport => {
    const taken = { at: new Date().toISOString(), visits: under.size, skipped, distinct: came.size, ...tally.take() }
    skipped = 0
    return taken
  }
  const reporting = setInterval(() => options.report?.(reading()), reportEveryMs)

  return {
    async stop() {
      clearInterval(reporting)
      stopping.abort()
      await opening
      // Who waits for an answer may hear it; who would wait longer leaves.
      const impatient = setTimeout(() => void pool.destroy(), options.leavesWithinMs ?? 800)
      await Promise.all(under)
      clearTimeout(impatient)
      options.report?.(reading())
      await pool.destroy()
    },
  }
}

async function register(browser: Browser): Promise<void> {
  const name = `guest-${randomUUID().slice(0, 8)}`
  await browser.send('POST', '/register', { body: { name, email: `${name}@example.com`, password: seedPassword } })
  await browser.send('GET', '/products')
}

function freePerson(people: readonly Person[], pick: () => number): Person | undefined {
  const nowMs = Date.now()
  for (let tries = 0; tries < 20; tries++) {
    const person = people[pick()]
    if (person !== undefined && !person.busy && person.awayUntilMs <= nowMs) return person
  }
  return undefined
}

/** Draws an index with log-normal weights: heavy customers come often, and everybody comes now and then. */
function createPicker(n: number, chance: () => number): () => number {
  const cumulative = new Float64Array(n)
  let total = 0
  for (let i = 0; i < n; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance())
    total += Math.exp(heaviness * normal)
    cumulative[i] = total
  }
  return () => {
    const target = chance() * total
    let low = 0
    let high = n - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cumulative[middle] ?? total) > target) high = middle
      else low = middle + 1
    }
    return low
  }
}
