/** A kind of error never seen before `go`, and how many subjects of each arm met it since. */
export type NewKind = {
  readonly fingerprint: string
  readonly route: string
  readonly name: string
  readonly exposedSubjects: number
  readonly controlSubjects: number
}

/**
 * The new kinds of error for which a rollout is held and a person told: two exposed subjects or more, no control.
 * Released when control shows it too. It promises no α.
 */
export const kindsToHoldFor = (kinds: readonly NewKind[]): readonly NewKind[] =>
  kinds.filter((kind) => kind.exposedSubjects >= 2 && kind.controlSubjects === 0)
