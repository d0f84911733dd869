import type { StepClient } from '../migration.ts'
import type { Filled } from './filled.ts'

/**
 * Copies some real rows into a shadow database, together with every row that they refer to. The target is only read: in
 * one read-only transaction, as any role that may select.
 *
 * @param options.rowsPerTable - rows a table to begin with; rows that they refer to come on top
 */
export async function sampleRows(
  _target: StepClient,
  _shadow: StepClient,
  _options: { readonly rowsPerTable: number; readonly ignore?: readonly string[] },
): Promise<Filled> {
  return { tables: [], empty: [] }
}
