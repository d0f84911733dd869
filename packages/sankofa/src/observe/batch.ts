import { encode } from '../histogram/index.ts'
import type { Gauges } from './gauges.ts'
import type { Dropped } from './limits.ts'
import { encodeSubjects } from './subject-codec.ts'
import type { Window } from './window.ts'

/** Who reports. */
export type Reporter = { readonly processId: string; readonly service: string; readonly release: string }

/** One window of one process, ready to be written: plain columns, so that waiting costs little memory. */
export type Batch = {
  readonly startMs: number
  readonly bytes: number
  readonly requests: number
  /** Filled when it is first sent, and kept for every further try, so that a try that did arrive has said the same. */
  dropped: Dropped
  readonly report: readonly unknown[]
  readonly cells: readonly unknown[][]
  readonly stages: readonly unknown[][]
  readonly bugs: readonly unknown[][]
}

const cellOverheadBytes = 200

export function toBatch(window: Window, reporter: Reporter, gauges: Gauges): Batch {
  const cells: unknown[][] = Array.from({ length: 14 }, () => [])
  const stages: unknown[][] = Array.from({ length: 4 }, () => [])
  const bugs: unknown[][] = Array.from({ length: 4 }, () => [])
  let bytes = 1_000
  for (const [key, cell] of window.cells.entries()) {
    const histogram = encode(cell.histogram)
    bytes += histogram.length + key.route.length + cellOverheadBytes
    const { n, errors, unanswered, sumUs, maxUs, poolUs, dbUs, httpUs, flushUs } = cell
    push(cells, [
      key.route,
      key.statusClass,
      key.change,
      key.arm,
      n,
      errors,
      unanswered,
      sumUs,
      maxUs,
      poolUs,
      dbUs,
      httpUs,
      flushUs,
      histogram,
    ])
  }
  for (const { goId, stage, subjects, kinds } of window.subjects.stages()) {
    const encoded = encodeSubjects(subjects.values())
    const kindsJson = JSON.stringify(kinds)
    bytes += encoded.length + kindsJson.length + cellOverheadBytes
    push(stages, [String(goId), stage, encoded, kindsJson])
  }
  for (const { fingerprint, route, name, n } of window.bugs.values()) {
    bytes += cellOverheadBytes
    push(bugs, [fingerprint, route, name, n])
  }
  const attempts = JSON.stringify(Object.fromEntries(window.attempts))
  const { processId, service, release } = reporter
  const { requests, failures, subjectsSeen, subjectsFailed } = window
  return {
    startMs: window.startMs,
    bytes,
    requests,
    dropped: window.dropped,
    report: [
      new Date(window.startMs),
      processId,
      service,
      release,
      requests,
      failures,
      subjectsSeen,
      subjectsFailed,
      JSON.stringify(gauges),
      attempts,
      window.sketch.encode(),
    ],
    cells,
    stages,
    bugs,
  }
}

const push = (columns: unknown[][], row: readonly unknown[]): void => {
  for (const [index, value] of row.entries()) columns[index]?.push(value)
}
