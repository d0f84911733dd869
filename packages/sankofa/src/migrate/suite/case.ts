import type { Failure, Loss, ProofGrade } from '../prove/proof.ts'

/** A small migration of which it is known what its proof must say. */
export type Case = {
  /** A sentence; unique in the suite. */
  readonly name: string
  /** SQL that makes the schema before it, with rows where they matter. */
  readonly base: string
  /** SQL of one migration, or of each migration of one group. */
  readonly up: string | readonly string[]
  /** In the order of `up`; absent: none was written. */
  readonly undo?: string | readonly string[]
  readonly expect: Expected
  /** Why that is the right answer, where it is not plain. */
  readonly because?: string
  /** The first major version of PostgreSQL that understands it; 15 unless told. */
  readonly since?: number
}

export type Expected = {
  readonly grade: ProofGrade
  readonly loss: Loss
  readonly fails?: Failure['when']
  /** Which step fails. */
  readonly step?: Failure['step']
  /** The objects that are not as they were: `missing index public.users_email_idx`. All of them, in any order. */
  readonly differences?: readonly string[]
  /** Told where it does not follow from the rest: up cannot be repeated, though the undo alone looks good. */
  readonly ok?: false
  /** Grade of the undo that is derived from the same up: `exact` unless told. */
  readonly derived?: ProofGrade
}

/** The schema is exactly as it was, and so are the rows, without anybody's help. */
export const kept: Expected = { grade: 'exact', loss: 'kept' }
/** The schema is exactly as it was, and the stash gives back what up destroyed. */
export const stashed: Expected = { grade: 'exact', loss: 'stashed' }
/** As `stashed`, and a column that was in the middle is now the last. */
export const reordered: Expected = { grade: 'column-order', loss: 'stashed' }
/** The schema is not as it was; up can run again all the same. */
export const differs = (...differences: readonly string[]): Expected => ({
  grade: 'differs',
  loss: 'kept',
  differences,
})
/** The schema is not as it was, and so up cannot run again. */
export const stuck = (...differences: readonly string[]): Expected => ({
  ...differs(...differences),
  fails: 'always',
  step: 'up again',
})
/** Whatever the rows are, the undo ends in an error. */
export const failsAlways: Expected = { grade: 'fails', loss: 'lost', fails: 'always', step: 'undo' }
/** The undo works on an empty database, and not with the rows of before. */
export const failsWithRows: Expected = { grade: 'fails', loss: 'lost', fails: 'rows', step: 'undo' }
/** The undo works with the rows of before, and not with those that the new release writes. */
export const failsWithNewRows: Expected = { grade: 'fails', loss: 'kept', fails: 'rows', step: 'undo after new rows' }
/** The undo works once; after the second up, which found other things than the first, it fails. */
export const failsAgain = (...differences: readonly string[]): Expected => ({
  grade: 'fails',
  loss: 'kept',
  fails: 'always',
  step: 'undo after new rows',
  differences,
})
