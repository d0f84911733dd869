import type { ChangeId } from '../../core/index.ts'

/** What a migration change does: it applies this group. */
export type MigrationPlan = {
  readonly group: string
  /** Changes of groups before it that are not settled: they must be out first, and go back after it. */
  readonly after: readonly ChangeId[]
}
