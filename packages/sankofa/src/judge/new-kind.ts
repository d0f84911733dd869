/** A kind of error never seen before `go`, and how many subjects of each arm met it since. */
export type NewKind = {
  readonly fingerprint: string
  readonly route: string
  readonly name: string
  readonly exposedSubjects: number
  readonly controlSubjects: number
}

/** Chance that a kind which strikes blindly is held for: two at a share of a tenth, with room for rounding. */
const blindChance = 0.0100001

/**
 * The new kinds of error for which a rollout is held and a person told: two exposed subjects or more, no control.
 * Released when control shows it too.
 *
 * @param share - the share that is exposed: at half of the customers two are no surprise, so as many are asked for as
 * chance would bring together once in a hundred. Without it, two are always enough
 */
export const kindsToHoldFor = (kinds: readonly NewKind[], share = 0): readonly NewKind[] =>
  kinds.filter(
    ({ exposedSubjects, controlSubjects }) =>
      exposedSubjects >= 2 && controlSubjects === 0 && share ** exposedSubjects <= blindChance,
  )
