import type pg from 'pg'
import { contexts, type OpenContext } from './request-context.ts'
import type { Tally } from './statements/sightings.ts'
import { currentRecorder } from './statements/statement-recorder.ts'

type Callback = (...args: unknown[]) => unknown
type Connect = (callback?: Callback) => Promise<unknown> | undefined
type Query = (...args: unknown[]) => unknown

const observedPools = new WeakSet<pg.Pool>()
const observedClients = new WeakSet<object>()

/**
 * Adds the time spent waiting for a connection and for PostgreSQL to the request that waits, and records which statements
 * are sent, without their values.
 *
 * The same pool comes back. Callback forms also keep their request's context: on a busy pool, pg alone runs them in that of
 * whichever request gave its connection back.
 */
export function observePool(pool: pg.Pool): pg.Pool {
  if (observedPools.has(pool)) return pool
  observedPools.add(pool)
  // pool.query() connects through this too, so its waiting and its query are told apart.
  const connect = pool.connect.bind(pool) as Connect
  const timedConnect: Connect = (callback) => {
    // The store is read now, before any await: afterwards it may be another request's.
    const context = contexts.getStore()
    if (callback !== undefined) return connect(timed(callback, context, 'poolUs'))
    if (context === undefined) return connect()
    const waited = waitIn(context, 'poolUs')
    const connecting = connect()
    connecting?.then(waited, waited)
    return connecting
  }
  pool.connect = timedConnect as typeof pool.connect
  pool.on('acquire', observeClient)
  return pool
}

/** The same for one client of `pg`, such as those of a pool that is not `pg`'s own (Knex: `pool.afterCreate`). */
export function observeClient(client: pg.ClientBase): void {
  if (observedClients.has(client)) return
  observedClients.add(client)
  const query = client.query.bind(client) as Query
  const timedQuery: Query = (...args) => {
    const context = contexts.getStore()
    const outcome = currentRecorder()?.sent(args[0], args[1], context?.route)
    const last = args.length - 1
    const callback = args[last]
    if (typeof callback === 'function') {
      const told = outcome === undefined ? (callback as Callback) : telling(callback as Callback, outcome)
      args[last] = timed(told, context, 'dbUs')
      return query(...args)
    }
    if (context === undefined && outcome === undefined) return query(...args)
    const waited = context === undefined ? undefined : waitIn(context, 'dbUs')
    const answer = query(...args)
    // A cursor or a stream is no promise: its waiting is the reader's pace, and is not counted; that it works is assumed.
    if (answer instanceof Promise)
      answer.then(outcome === undefined ? waited : () => succeeded(outcome, waited), waited ?? ignore)
    else if (outcome !== undefined) outcome.succeeded = true
    return answer
  }
  client.query = timedQuery as typeof client.query
}

// Whoever asked hears of the failure; this branch of the promise must not be an unhandled one.
const ignore = (): void => {}

function succeeded(outcome: Tally, waited: (() => void) | undefined): void {
  outcome.succeeded = true
  waited?.()
}

const telling =
  (callback: Callback, outcome: Tally): Callback =>
  (error, ...rest) => {
    if (!(error instanceof Error)) outcome.succeeded = true
    return callback(error, ...rest)
  }

type Wait = 'poolUs' | 'dbUs'

function waitIn(context: OpenContext, wait: Wait): () => void {
  const startMs = performance.now()
  return () => {
    context.timings[wait] += Math.round((performance.now() - startMs) * 1_000)
  }
}

// Not AsyncResource.bind, which keeps every store but twice made a query 9 µs dearer instead of 5.
function timed(callback: Callback, context: OpenContext | undefined, wait: Wait): Callback {
  if (context === undefined) return (...args) => contexts.exit(callback, ...args)
  const waited = waitIn(context, wait)
  return (...args) => {
    waited()
    return contexts.run(context, callback, ...args)
  }
}
