import { unitInterval } from '../judge/index.ts'
import type { ErrorKind } from './error-kind.ts'
import type { Exposure, Watch } from './exposure.ts'
import { type GuardBits, guardBits, type Outcome } from './guard-bits.ts'
import type { Dropped, Limits } from './limits.ts'

type Seen = { readonly subject: string; exposed: boolean; fresh: boolean; failed: number }

/** A kind of error with the subjects that met it, by arm; a handful is enough to tell "only the exposed". */
export type KindInWindow = ErrorKind & { readonly exposed: readonly string[]; readonly control: readonly string[] }

export type StageInWindow = {
  readonly goId: bigint
  readonly stage: number
  readonly subjects: ReadonlyMap<string, Seen>
  readonly kinds: readonly KindInWindow[]
}

type Stage = {
  readonly goId: bigint
  readonly stage: number
  readonly subjects: Map<string, Seen>
  readonly kinds: Map<
    string,
    { readonly kind: ErrorKind; readonly exposed: Set<string>; readonly control: Set<string> }
  >
}

const compiled = new WeakMap<Watch, GuardBits>()
const bitsOf = (watch: Watch): GuardBits => {
  let bits = compiled.get(watch)
  if (bits === undefined) {
    bits = guardBits(watch)
    compiled.set(watch, bits)
  }
  return bits
}

/** Subjects kept of each kind of error, arm and window. */
const subjectsPerKind = 20

/** Kept by a hash of its own: independent of every salt, and the same in every process. */
const isSampled = (subject: string, sampleRate: number): boolean =>
  sampleRate >= 1 || unitInterval('sankofa.sample', subject) < sampleRate

/** Active subjects of one window, by change and stage, with the guards each failed. */
export class WindowSubjects {
  readonly #stages = new Map<string, Stage>()
  readonly #limits: Limits
  readonly #dropped: Dropped
  readonly #watches: () => ReadonlyMap<bigint, Watch>

  constructor(limits: Limits, dropped: Dropped, watches: () => ReadonlyMap<bigint, Watch>) {
    this.#limits = limits
    this.#dropped = dropped
    this.#watches = watches
  }

  /** A request of the subject has begun, or is still running when the window begins. */
  active(subject: string, exposures: readonly Exposure[]): void {
    for (const exposure of exposures) this.#seen(exposure.subject ?? subject, exposure)
  }

  /** A request of the subject has ended, or has been unanswered for 10 s. */
  ended(subject: string, exposures: readonly Exposure[], outcome: Outcome, kind: ErrorKind | undefined): void {
    for (const exposure of exposures) {
      const watch = this.#watches().get(exposure.goId)
      if (watch === undefined) continue
      const failed = bitsOf(watch)(outcome)
      if (failed === 0 && kind === undefined) continue
      const whom = exposure.subject ?? subject
      const seen = this.#seen(whom, exposure)
      if (seen === undefined) continue
      seen.failed |= failed
      if (kind !== undefined) this.#met(whom, exposure, kind)
    }
  }

  stages(): StageInWindow[] {
    return [...this.#stages.values()].map(({ goId, stage, subjects, kinds }) => ({
      goId,
      stage,
      subjects,
      kinds: [...kinds.values()].map(({ kind, exposed, control }) => ({
        ...kind,
        exposed: [...exposed],
        control: [...control],
      })),
    }))
  }

  #seen(subject: string, exposure: Exposure): Seen | undefined {
    const watch = this.#watches().get(exposure.goId)
    if (watch === undefined || !isSampled(subject, watch.sampleRate)) return undefined
    const { subjects } = this.#stage(exposure)
    const before = subjects.get(subject)
    if (before !== undefined) {
      before.exposed ||= exposure.exposed
      before.fresh ||= exposure.fresh
      return before
    }
    if (subjects.size >= this.#limits.subjectsPerStage) {
      this.#dropped.subjects = (this.#dropped.subjects ?? 0) + 1
      return undefined
    }
    const seen: Seen = { subject, exposed: exposure.exposed, fresh: exposure.fresh, failed: 0 }
    subjects.set(subject, seen)
    return seen
  }

  #met(subject: string, exposure: Exposure, kind: ErrorKind): void {
    const { kinds } = this.#stage(exposure)
    let met = kinds.get(kind.fingerprint)
    if (met === undefined) {
      if (kinds.size >= this.#limits.names) {
        this.#dropped.names = (this.#dropped.names ?? 0) + 1
        return
      }
      met = { kind, exposed: new Set(), control: new Set() }
      kinds.set(kind.fingerprint, met)
    }
    const arm = exposure.exposed ? met.exposed : met.control
    if (arm.size < subjectsPerKind) arm.add(subject)
  }

  #stage({ goId, stage }: Exposure): Stage {
    const key = `${goId} ${stage}`
    let found = this.#stages.get(key)
    if (found === undefined) {
      found = { goId, stage, subjects: new Map(), kinds: new Map() }
      this.#stages.set(key, found)
    }
    return found
  }
}
