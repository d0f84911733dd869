import { AsyncLocalStorage } from 'node:async_hooks'
import type { Attributes, Exposure } from './exposure.ts'

/** Where the time of a request went, in microseconds; what ran side by side is added up. */
export type Timings = {
  /** Waiting for a connection of an observed pool. */
  poolUs: number
  /** Waiting for PostgreSQL, on connections of an observed pool. */
  dbUs: number
  /** Waiting for other HTTP servers. */
  httpUs: number
}

/** What the toolkit knows of the request that runs now. */
export interface RequestContext {
  readonly requestId: string
  /** W3C trace context as it came in; passed on to outgoing HTTP requests. */
  readonly traceparent: string | undefined
  /** The plain id; it must not leave the process. */
  readonly subject: string | undefined
  /** Keyed hash of the subject: what may leave the process. */
  readonly subjectKey: string | undefined
  readonly attributes: Attributes
  readonly exposures: readonly Exposure[]
  readonly timings: Readonly<Timings>
  /** A customer tries something that the service should bring to its end, such as `checkout`. */
  attempt(name: string): void
  /** The end was reached. An attempt that is not completed when the request ends, or after 10 s, has failed. */
  completed(name: string): void
}

/** @internal The context with what only the toolkit may change. */
export interface OpenContext extends RequestContext {
  /** The route's template. */
  readonly route: string
  readonly timings: Timings
}

/** @internal The one AsyncLocalStorage of the toolkit: each further one would cost at every await. */
export const contexts: AsyncLocalStorage<OpenContext> = new AsyncLocalStorage()

/** The request that this code runs for; `undefined` outside a request. */
export const requestContext = (): RequestContext | undefined => contexts.getStore()
