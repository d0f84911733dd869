import type { Random } from './random.ts'

/** Which value is wanted. */
export type Wish = {
  /** Different numbers give different values, as far as the type has them. */
  readonly variant: number
  /** No extremes, no awkward characters. */
  readonly tame: boolean
  /** What the column is called: an e-mail address looks like one. */
  readonly column: string
  readonly random: Random
}
