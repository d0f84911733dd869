import type { ErrorKind } from './error-kind.ts'
import type { Exposure, Watch } from './exposure.ts'
import type { Outcome } from './guard-bits.ts'
import type { Dropped, Limits } from './limits.ts'
import { createSubjectSketch } from './subject-sketch.ts'
import { type Measured, WindowCells } from './window-cells.ts'
import { WindowSubjects } from './window-subjects.ts'

export type BugInWindow = ErrorKind & { n: number }

/** A request that has ended, or that has been unanswered for 10 s. */
export type Ended = Measured &
  Outcome & {
    readonly subject: string | undefined
    readonly exposures: readonly Exposure[]
    readonly attempts: ReadonlyMap<string, { readonly begun: number; readonly completed: number }>
    readonly kind: ErrorKind | undefined
    /** The subject's first failed request in its session. */
    readonly firstFailure: boolean
  }

/** Everything that one process measured in one window of 10 s. */
export class Window {
  readonly startMs: number
  readonly dropped: Dropped = {}
  readonly cells: WindowCells
  readonly subjects: WindowSubjects
  readonly bugs = new Map<string, BugInWindow>()
  readonly attempts = new Map<string, [begun: number, completed: number]>()
  readonly sketch = createSubjectSketch()
  requests = 0
  failures = 0
  subjectsFailed = 0
  readonly #seen = new Set<string>()
  readonly #limits: Limits

  constructor(startMs: number, limits: Limits, watches: () => ReadonlyMap<bigint, Watch>) {
    this.startMs = startMs
    this.#limits = limits
    this.cells = new WindowCells(limits, this.dropped)
    this.subjects = new WindowSubjects(limits, this.dropped, watches)
  }

  get subjectsSeen(): number {
    return this.#seen.size
  }

  active(subject: string, exposures: readonly Exposure[]): void {
    if (!this.#seen.has(subject)) {
      if (this.#seen.size < this.#limits.subjects) this.#seen.add(subject)
      else this.dropped.subjects = (this.dropped.subjects ?? 0) + 1
      this.sketch.add(subject)
    }
    this.subjects.active(subject, exposures)
  }

  ended(request: Ended): void {
    this.requests += 1
    if (request.failed) this.failures += 1
    if (request.firstFailure) this.subjectsFailed += 1
    this.cells.count(request)
    for (const [name, { begun, completed }] of request.attempts) this.#attempted(name, begun, completed)
    if (request.kind !== undefined) this.#met(request.kind)
    if (request.subject !== undefined) this.subjects.ended(request.subject, request.exposures, request, request.kind)
  }

  #attempted(name: string, begun: number, completed: number): void {
    const counts = this.attempts.get(name)
    if (counts !== undefined) {
      counts[0] += begun
      counts[1] += completed
    } else if (this.attempts.size < this.#limits.names) this.attempts.set(name, [begun, completed])
    else this.dropped.names = (this.dropped.names ?? 0) + 1
  }

  #met(kind: ErrorKind): void {
    const bug = this.bugs.get(kind.fingerprint)
    if (bug !== undefined) bug.n += 1
    else if (this.bugs.size < this.#limits.names) this.bugs.set(kind.fingerprint, { ...kind, n: 1 })
    else this.dropped.names = (this.dropped.names ?? 0) + 1
  }
}
