import type { MigrationProof } from 'sankofa/migrate'

/** What a proof comes to, each in one of these. */
export const outcomes = [
  'up fails always',
  'up fails with rows',
  'undo missing',
  'undo fails always',
  'undo fails only with rows',
  'undo fails after new rows',
  'schema differs',
  'column order only',
  'cosmetic only',
  'exact',
] as const
export type Outcome = (typeof outcomes)[number]

export function outcomeOf(proof: MigrationProof): Outcome {
  const { failure, undo, differences } = proof
  // Rows may rightly hinder an up: nothing is said of its undo then.
  if (failure?.step === 'up') return failure.when === 'rows' ? 'up fails with rows' : 'up fails always'
  // What was derived is not what the authors wrote.
  if (undo !== 'written') return 'undo missing'
  if (failure?.step === 'undo') return failure.when === 'rows' ? 'undo fails only with rows' : 'undo fails always'
  if (failure?.step === 'undo after new rows') return 'undo fails after new rows'
  const weights = new Set(differences.map(({ weight }) => weight))
  if (weights.has('differs')) return 'schema differs'
  if (weights.has('column-order')) return 'column order only'
  return weights.has('cosmetic') ? 'cosmetic only' : 'exact'
}

/** The undo ran, and left the schema as it was but for names and the order of columns. */
export const isSchemaClean = (proof: MigrationProof): boolean =>
  (['column order only', 'cosmetic only', 'exact'] as readonly Outcome[]).includes(outcomeOf(proof))

export const takesAccessExclusive = ({ up }: MigrationProof): boolean =>
  up.locks.some(({ mode }) => mode === 'AccessExclusiveLock')

export const rewrites = ({ up }: MigrationProof): boolean => up.rewritten.length > 0
