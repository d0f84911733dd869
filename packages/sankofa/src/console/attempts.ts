import type { AttemptTypes } from '../events/index.ts'

/** Something that customers try: its name in measurements, and the two events that count it. */
export type ConsoleAttempt = AttemptTypes & {
  readonly name: string
  /** How its failure is told to a product owner, such as `could not pay for orders`. */
  readonly owner?: { readonly couldNot?: string }
}
