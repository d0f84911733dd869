export { countLateReports } from './closed-windows.ts'
export type { Attributes, Exposure, Watch } from './exposure.ts'
export { type GaugeName, type Gauges, gaugeNames } from './gauges.ts'
export { type Dropped, type DropReason, defaultLimits, dropReasons, type Limits, unansweredAfterMs } from './limits.ts'
export type { LiveRequest, RequestStart } from './live-request.ts'
export { createLog, type LogOptions } from './log.ts'
export {
  type Baseline,
  type ClosedWindow,
  type Liveness,
  type Measurement,
  type NewErrorKind,
  type WindowTotals,
  windowMs,
} from './measurement.ts'
export { observeClient, observePool } from './observe-pool.ts'
export {
  createObserver,
  type Observer,
  type ObserverHealth,
  type ObserverOptions,
  overflowRoute,
  type RequestEnd,
  unmatchedRoute,
} from './observer.ts'
export { pgMeasurement } from './pg-measurement.ts'
export { type AttemptPoint, type ProcessGauges, readSignals, type Signals, type TrafficPoint } from './read-signals.ts'
/** @internal */
export { redactText } from './redact.ts'
export { type RequestContext, requestContext, type Timings } from './request-context.ts'
export { type RolledUp, retention, rollUp } from './roll-up.ts'
export { readStatements, type StatementFilter } from './statements/read-statements.ts'
export { noRequest, type RecordedStatement } from './statements/recorded-statement.ts'
/** @internal */
export { newVisitor, probeHeader, readSubject, readVisitor, signSubject, subjectHeader } from './visitor.ts'
