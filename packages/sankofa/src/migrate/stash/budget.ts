import { SankofaError } from '../../core/index.ts'
import type { TableName } from '../sql/effects.ts'
import { fullName } from './world.ts'

type Sized = { readonly table: TableName & { readonly schema: string }; readonly bytes: number }

/** Asked twice: of the estimate, before anything is touched, and of each copy that was made. */
export function checkBudget(
  { migration, budgetBytes }: { readonly migration: string; readonly budgetBytes: number },
  tables: readonly Sized[],
): void {
  const needs = tables.reduce((sum, { bytes }) => sum + bytes, 0)
  if (needs <= budgetBytes) return
  const largest = tables.toSorted((one, other) => other.bytes - one.bytes)[0]
  throw new SankofaError('STASH_OVER_BUDGET', {
    migration,
    needs: inWords(needs),
    budget: inWords(budgetBytes),
    largest: largest === undefined ? '' : `${fullName(largest.table)}, ${inWords(largest.bytes)}`,
  })
}

function inWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`
}
