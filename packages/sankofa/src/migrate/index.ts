export { digestOfGroup } from './apply/digest.ts'
export type { GroupState, GroupStatus, Interruption } from './apply/group-status.ts'
export type {
  Applied,
  BackOptions,
  Migrator,
  MigratorOptions,
  StashHook,
  TakenBack,
  UpOptions,
} from './apply/migrator.ts'
export { openMigrator } from './apply/open-migrator.ts'
export { type ProofOnFile, readProofs, type StoredProof, saveProof } from './apply/proofs.ts'
export { readStatus } from './apply/status.ts'
export { type Backfilled, type BackfillOptions, runBackfill } from './backfill/run-backfill.ts'
export { sayLive } from './catalogue/say-live.ts'
export { deriveUndo } from './derive/derive-undo.ts'
export { findMigrations } from './formats/find-migrations.ts'
export { readMigrations } from './formats/read-migrations.ts'
export { type Group, groupsOf } from './group.ts'
export { atTheStep } from './kind/at-the-step.ts'
export { migrationKind } from './kind/migration-kind.ts'
export type { MigrationPlan } from './kind/migration-plan.ts'
export { newestProof } from './kind/newest-proof.ts'
export { proveLive } from './kind/prove-live.ts'
export { toJournalProof } from './kind/to-journal-proof.ts'
export { type CannotRun, whatCannotRun } from './kind/what-cannot-run.ts'
export type { History, Migration, MigrationSet, Step, StepClient, Tool } from './migration.ts'
export type { Broken, Failure, Loss, MigrationProof, ProofGrade, StepSeen } from './prove/proof.ts'
export { type ProveOptions, type ProveReport, proveMigrations } from './prove/prove-migrations.ts'
export { type Summary, summaryOf } from './prove/words.ts'
export { sampleRows } from './rows/sample-rows.ts'
export { eraseSubject } from './stash/erase-subject.ts'
export { dropStash, expireStashes, listStashes, type Stash } from './stash/stashes.ts'
export { readSizes } from './watch/read-sizes.ts'
