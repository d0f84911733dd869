import { AsyncLocalStorage } from 'node:async_hooks'
import type pg from 'pg'
import { contexts } from './request-context.ts'

type Callback = (...args: unknown[]) => unknown
type Connect = (callback?: Callback) => Promise<unknown> | undefined
type Query = (...args: unknown[]) => unknown

const observedPools = new WeakSet<pg.Pool>()
const observedClients = new WeakSet<object>()

/**
 * Adds the time spent waiting for a connection and for PostgreSQL to the request that waits.
 *
 * The same pool comes back. Callback forms also keep the caller's context: on a busy pool, pg alone runs them in that of
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
    if (callback !== undefined) {
      const bound = AsyncLocalStorage.bind(callback)
      if (context === undefined) return connect(bound)
      const startMs = performance.now()
      return connect((...args) => {
        context.timings.poolUs += sinceUs(startMs)
        return bound(...args)
      })
    }
    if (context === undefined) return connect()
    const startMs = performance.now()
    const waited = (): void => {
      context.timings.poolUs += sinceUs(startMs)
    }
    const connecting = connect()
    connecting?.then(waited, waited)
    return connecting
  }
  pool.connect = timedConnect as typeof pool.connect
  pool.on('acquire', observeClient)
  return pool
}

function observeClient(client: pg.PoolClient): void {
  if (observedClients.has(client)) return
  observedClients.add(client)
  const query = client.query.bind(client) as Query
  const timedQuery: Query = (...args) => {
    const context = contexts.getStore()
    if (context === undefined) return query(...args)
    const startMs = performance.now()
    const waited = (): void => {
      context.timings.dbUs += sinceUs(startMs)
    }
    const last = args.at(-1)
    if (typeof last === 'function') {
      const bound = AsyncLocalStorage.bind(last as Callback)
      return query(...args.slice(0, -1), (...result: unknown[]) => {
        waited()
        return bound(...result)
      })
    }
    const answer = query(...args)
    // A cursor or a stream is no promise: its waiting is the reader's pace, and is not counted.
    if (answer instanceof Promise) answer.then(waited, waited)
    return answer
  }
  client.query = timedQuery as typeof client.query
}

const sinceUs = (startMs: number): number => Math.round((performance.now() - startMs) * 1_000)
