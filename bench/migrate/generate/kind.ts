import type { Draft } from './schema.ts'

/** One migration as text. */
export type Change = {
  readonly slug: string
  /** Expand, move or contract, in a sentence. */
  readonly says: string
  readonly up: readonly string[]
  readonly undo: readonly string[]
}

/** Invents the next migration of a kind, and notes in the draft what it does; `undefined`: nothing to do that to yet. */
export type Kind = (draft: Draft) => Change | undefined
