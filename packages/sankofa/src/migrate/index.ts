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
export { type ProofOnFile, readProofs, type StoredProof, saveProof } from './apply/proofs.ts'
export type { Backfilled, BackfillOptions } from './backfill/run-backfill.ts'
export type { History, Migration, MigrationSet, Step, StepClient, Tool } from './migration.ts'
