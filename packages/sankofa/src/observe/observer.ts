import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../core/index.ts'
import { toBatch } from './batch.ts'
import { errorKind } from './error-kind.ts'
import type { Attributes, Exposure, Watch } from './exposure.ts'
import { createFirstFailures } from './first-failures.ts'
import { readGauges } from './gauges.ts'
import { type Dropped, defaultLimits, type Limits, unansweredAfterMs } from './limits.ts'
import { LiveRequest, type RequestStart } from './live-request.ts'
import { windowMs } from './measurement.ts'
import { createOutbox } from './outbox.ts'
import { observeOutgoingHttp } from './outgoing-http.ts'
import { contexts } from './request-context.ts'
import { createStatementRecorder, recordWith, type StatementsHealth } from './statements/statement-recorder.ts'
import { Window } from './window.ts'
import { type StatusClass, statusClasses } from './window-cells.ts'

export type ObserverOptions = {
  /** The writer uses one connection of it. */
  readonly pool: pg.Pool
  readonly service: string
  readonly release: string
  /** Keyed hash of a subject, 16 hex digits, the same in every process: the only form in which it leaves this one. */
  subjectKey(subject: string): string
  /** @param drawnFor - the key that a gateway drew for, where one stands in front */
  exposures(subject: string, attributes: Attributes, drawnFor?: string): readonly Exposure[]
  watches(): ReadonlyMap<bigint, Watch>
  readonly log: Logger
  readonly clock?: Clock
  readonly limits?: Partial<Limits>
  /** Its disk's free space is reported. */
  readonly directory?: string
  /** One log line a request; true unless told. */
  readonly logRequests?: boolean
  /** Which statements observed pools send, without values; true unless told. A migration is proved against them. */
  readonly recordStatements?: boolean
}

/** How a request ended. `status` is `undefined` when the client left before any reply. */
export type RequestEnd = { readonly status: number | undefined; readonly flushUs?: number; readonly error?: unknown }

export type ObserverHealth = {
  readonly windowsPending: number
  readonly bytesPending: number
  readonly requestsInFlight: number
  /** Counted since the last report that got through. */
  readonly dropped: Readonly<Dropped>
  /** Absent where statements are not recorded. */
  readonly statements?: StatementsHealth
}

/** Measures every request of a process, and writes what it measured every 10 s. Failing to write never touches a request. */
export interface Observer {
  readonly processId: string
  start(): void
  /** Writes the last window, marked as a stop; gives up after 3 s. */
  stop(): Promise<void>
  begin(start: RequestStart): LiveRequest
  /** Says whose request it is; from now on, and since its start, the subject is active. */
  identify(request: LiveRequest, subject: string, attributes?: Attributes, drawnFor?: string): void
  /** Runs `work` with `request` as its {@link requestContext}. */
  run<T>(request: LiveRequest, work: () => T): T
  end(request: LiveRequest, end: RequestEnd): void
  /** Microseconds since the request began. */
  elapsedUs(request: LiveRequest): number
  health(): ObserverHealth
}

const tickMs = 250
const stopWithinMs = 3_000
const retryMs = 2_000
const firstStatementsAfterMs = 10_000
const statementsEveryMs = 60_000
const lastStatementsWithinMs = 200

/** What no route took. */
export const unmatchedRoute = '(unmatched)'
/** What is past the cap of routes. */
export const overflowRoute = '(overflow)'

export function createObserver(options: ObserverOptions): Observer {
  const { pool, service, release, log, subjectKey, exposures, watches } = options
  const clock = options.clock ?? systemClock
  const limits: Limits = { ...defaultLimits, ...options.limits }
  // Durations come from the monotonic clock, except on a clock that was passed in.
  const nowUs = options.clock === undefined ? monotonicUs : () => clock.now() * 1_000
  const reporter = { processId: `${service}-${process.pid}-${randomBytes(4).toString('hex')}`, service, release }
  const outbox = createOutbox(pool, limits, log)
  const gauges = readGauges(options.directory)
  const statements = options.recordStatements === false ? undefined : createStatementRecorder({ pool, release, log })
  const routes = new Set<string>()
  const inFlight = new Set<LiveRequest>()
  const firstFailures = createFirstFailures()
  // Processes report at different instants, so that they do not all meet at the server.
  const jitterMs = Math.floor(Math.random() * 400)
  const stopped = new AbortController()
  let loop: Promise<void> | undefined
  let stopOutgoing = (): void => {}
  let stopRecording = (): void => {}
  let statementsAtMs = Number.POSITIVE_INFINITY
  let window = new Window(windowStart(clock.now()), limits, watches)
  let drainAtMs = Number.POSITIVE_INFINITY

  const current = (): Window => {
    const nowMs = clock.now()
    // A clock that was set back opens an earlier window; its report may meet one that is there already, and is then not added.
    if (nowMs >= window.startMs + windowMs || nowMs < window.startMs - windowMs) roll(nowMs)
    return window
  }

  const roll = (nowMs: number, stopping = false): void => {
    const full = window
    window = new Window(windowStart(nowMs), limits, watches)
    const read = { ...gauges.read(), requestsInFlight: inFlight.size, windowsPending: outbox.pending().windows }
    outbox.add(toBatch(full, reporter, stopping ? { ...read, stopping: 1 } : read))
    for (const request of inFlight)
      if (request.subjectKey !== undefined) window.active(request.subjectKey, request.exposures)
    drainAtMs = Math.min(drainAtMs, nowMs + jitterMs)
    void gauges.refreshDisk()
  }

  const routeOf = (route: string | undefined): string => {
    if (route === undefined) return unmatchedRoute
    if (routes.has(route)) return route
    if (routes.size >= limits.routes) {
      window.dropped.routes = (window.dropped.routes ?? 0) + 1
      return overflowRoute
    }
    routes.add(route)
    return route
  }

  const count = (request: LiveRequest, end: RequestEnd): void => {
    request.counted = true
    inFlight.delete(request)
    const { route, subjectKey: subject, attempts } = request
    const { status } = end
    const failed = status !== undefined && status >= 500
    const unanswered = status === undefined
    const totalUs = Math.round(nowUs() - request.startUs)
    const firstFailure = failed && subject !== undefined && firstFailures.isFirst(subject, clock.now())
    current().ended({
      route,
      statusClass: statusClassOf(status),
      failed,
      unanswered,
      totalUs,
      flushUs: Math.round(end.flushUs ?? 0),
      timings: request.timings,
      subject,
      exposures: request.exposures,
      attempts: attempts ?? noAttempts,
      notCompleted: attempts === undefined ? noNames : notCompleted(attempts),
      kind: failed ? errorKind(end.error, route, status) : undefined,
      firstFailure,
    })
    if (options.logRequests === false) return
    const line = { requestId: request.requestId, route, status: status ?? null, ms: totalUs / 1_000, release, subject }
    if (failed) log.error({ ...line, err: end.error }, 'request failed')
    else if (unanswered) log.warn(line, 'request unanswered')
    else log.info(line, 'request')
  }

  const markUnanswered = (): void => {
    const begunBeforeUs = nowUs() - unansweredAfterMs * 1_000
    // Kept in the order in which they began, so the first young one ends the search.
    for (const request of inFlight) {
      if (request.startUs > begunBeforeUs) break
      count(request, { status: undefined })
    }
  }

  const tick = (): void => {
    markUnanswered()
    current()
    const nowMs = clock.now()
    void statements?.digest()
    if (nowMs >= statementsAtMs) {
      statementsAtMs = nowMs + statementsEveryMs
      void statements?.write(nowMs)
    }
    if (nowMs < drainAtMs) return
    drainAtMs = Number.POSITIVE_INFINITY
    void outbox.drain().then((empty) => {
      if (!empty) drainAtMs = Math.min(drainAtMs, clock.now() + retryMs)
    })
  }

  return {
    processId: reporter.processId,
    start() {
      if (loop !== undefined) return
      stopOutgoing = observeOutgoingHttp()
      if (statements !== undefined) stopRecording = recordWith(statements)
      statementsAtMs = clock.now() + firstStatementsAfterMs
      void gauges.refreshDisk()
      loop = (async () => {
        while (!stopped.signal.aborted) {
          await clock.sleep(tickMs, stopped.signal)
          try {
            tick()
          } catch (error) {
            log.error({ err: error }, 'measuring failed; the service goes on')
          }
        }
      })()
    },
    async stop() {
      if (stopped.signal.aborted) return
      stopped.abort()
      await loop
      stopOutgoing()
      stopRecording()
      roll(clock.now(), true)
      gauges.stop()
      const until = performance.now() + stopWithinMs
      const giveUp = new AbortController()
      const written = (async () => {
        while (performance.now() < until && !giveUp.signal.aborted) {
          if (await outbox.drain()) {
            // A process that lives shorter than a minute was heard too.
            await statements?.digest(lastStatementsWithinMs)
            await statements?.write(clock.now())
            return true
          }
          await systemClock.sleep(100, giveUp.signal)
        }
        return false
      })()
      const inTime = await Promise.race([written, systemClock.sleep(stopWithinMs, giveUp.signal).then(() => false)])
      giveUp.abort()
      if (!inTime)
        log.warn(
          { ...outbox.pending(), dropped: outbox.dropped() },
          'stopped with measurements that could not be written',
        )
    },
    begin(start) {
      const request = new LiveRequest(start, routeOf(start.route), nowUs())
      inFlight.add(request)
      return request
    },
    identify(request, subject, attributes = request.attributes, drawnFor = request.drawnFor) {
      try {
        const key = subjectKey(subject)
        request.exposures = exposures(subject, attributes, drawnFor)
        request.drawnFor = drawnFor
        request.subject = subject
        request.subjectKey = key
        request.attributes = attributes
        if (!request.counted) current().active(key, request.exposures)
      } catch (error) {
        log.error(
          { err: error, requestId: request.requestId },
          'the subject of a request could not be measured; the request goes on',
        )
      }
    },
    run: (request, work) => contexts.run(request, work),
    end(request, end) {
      if (!request.counted) count(request, end)
    },
    elapsedUs: (request) => nowUs() - request.startUs,
    health: () => {
      const { windows, bytes } = outbox.pending()
      return {
        windowsPending: windows,
        bytesPending: bytes,
        requestsInFlight: inFlight.size,
        dropped: { ...outbox.dropped() },
        ...(statements === undefined ? {} : { statements: statements.health() }),
      }
    },
  }
}

const noAttempts: ReadonlyMap<string, { begun: number; completed: number }> = new Map()
const noNames: readonly string[] = []

function notCompleted(attempts: ReadonlyMap<string, { begun: number; completed: number }>): string[] {
  const names: string[] = []
  for (const [name, { begun, completed }] of attempts) if (completed < begun) names.push(name)
  return names
}

const windowStart = (ms: number): number => Math.floor(ms / windowMs) * windowMs

const statusClassOf = (status: number | undefined): StatusClass =>
  status === undefined ? 'none' : (statusClasses[Math.floor(status / 100) - 1] ?? '5xx')

const monotonicUs = (): number => performance.now() * 1_000
