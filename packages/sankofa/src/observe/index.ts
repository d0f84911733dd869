export { type Baseline, type ClosedWindow, type Liveness, type Measurement, type NewErrorKind, type WindowTotals, windowMs } from './measurement.ts'
