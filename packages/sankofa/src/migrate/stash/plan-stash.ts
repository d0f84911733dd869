import type { Step, StepClient } from '../migration.ts'
import type { TableName } from '../sql/effects.ts'
import type { StashPlan } from './stash-plan.ts'

/**
 * Says what has to be kept before a step runs. Reads the catalogue only.
 *
 * @param options.opposite - what takes the step back: it is tried out inside the step's transaction, so that only what it
 *   cannot bring back is kept, and so that values written later are told from values that the step left
 * @param options.observed - tables that a shadow run saw written, dropped or changed: needed for `do` blocks, functions and
 *   modules whose text does not say it
 */
export async function planStash(
  _client: StepClient,
  _step: Step,
  _options: { readonly opposite?: Step; readonly observed?: readonly TableName[] } = {},
): Promise<StashPlan> {
  return { keeps: [], bytes: 0, oneTransaction: true, notes: [] }
}
