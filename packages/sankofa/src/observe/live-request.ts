import type { Attributes, Exposure } from './exposure.ts'
import type { OpenContext, Timings } from './request-context.ts'

const noExposures: readonly Exposure[] = []
const noAttributes: Attributes = {}
/** Names of attempts in one request; a service that makes names from values must not fill memory. */
const attemptsPerRequest = 10

export type RequestStart = {
  readonly requestId: string
  /** The route's template, such as `GET /products/:id`; `undefined` when no route took it. */
  readonly route: string | undefined
  readonly traceparent?: string | undefined
}

/** A request on its way: what the observer keeps of it, and what the service sees of it. */
export class LiveRequest implements OpenContext {
  readonly requestId: string
  readonly traceparent: string | undefined
  readonly route: string
  readonly startUs: number
  readonly timings: Timings = { poolUs: 0, dbUs: 0, httpUs: 0 }
  subject: string | undefined
  subjectKey: string | undefined
  attributes: Attributes = noAttributes
  drawnFor: string | undefined
  exposures: readonly Exposure[] = noExposures
  /** Counted: at its end, or when it had been unanswered for 10 s. */
  counted = false
  attempts: Map<string, { begun: number; completed: number }> | undefined

  constructor(start: RequestStart, route: string, startUs: number) {
    this.requestId = start.requestId
    this.traceparent = start.traceparent
    this.route = route
    this.startUs = startUs
  }

  attempt(name: string): void {
    this.attempts ??= new Map()
    const counts = this.attempts.get(name)
    if (counts !== undefined) counts.begun += 1
    else if (this.attempts.size < attemptsPerRequest) this.attempts.set(name, { begun: 1, completed: 0 })
  }

  completed(name: string): void {
    const counts = this.attempts?.get(name)
    if (counts !== undefined && counts.completed < counts.begun) counts.completed += 1
  }
}
