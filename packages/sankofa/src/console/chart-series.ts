import type { Mark, SignalSeries } from './contract.ts'
import { type Measured, type Step, windowS } from './measured.ts'

/** Spans that can be asked for, in minutes, and the length of a step in each. */
const stepSOf: Readonly<Record<number, number>> = { 15: 10, 60: 30, 180: 90 }
export const longestSpanS = 180 * 60

/** The last minutes step by step, for the chart and the small lines under the four signals. */
export function readSeries(
  measured: Measured,
  options: { readonly minutes: number; readonly closedS: number; readonly marks: readonly Mark[] },
): SignalSeries {
  const minutes = options.minutes in stepSOf ? options.minutes : 60
  const stepS = stepSOf[minutes] ?? windowS
  // Aligned, so that a step keeps its place and its value when the screen asks again.
  const toS = Math.floor(options.closedS / stepS) * stepS
  const times = Array.from({ length: (minutes * 60) / stepS }, (_, i) => toS - minutes * 60 + i * stepS)
  const steps = times.map((startS) => measured.step(startS, startS + stepS))
  const each = (of: (step: Step) => number | null): readonly (number | null)[] =>
    steps.map((step) => (step.reportedS > 0 ? of(step) : null))
  const fromMs = (times[0] ?? toS) * 1_000
  return {
    stepS,
    times,
    requestsPerSecond: each((step) => step.requests / step.reportedS),
    failedShare: each((step) => (step.requests === 0 ? null : step.failures / step.requests)),
    p50Ms: each((step) => step.p50Ms),
    p95Ms: each((step) => step.p95Ms),
    completedShare: each((step) => (step.begun === 0 ? null : step.completed / step.begun)),
    valuePerMinute: each((step) => (Number(step.paid) * 60) / step.reportedS),
    marks: options.marks.filter((mark) => mark.atMs >= fromMs).toSorted((a, b) => a.atMs - b.atMs),
  }
}
