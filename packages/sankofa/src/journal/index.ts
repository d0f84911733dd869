export { type ChangeKind, type ChangeKindName, changeKinds, type Proof, type ProofDigest, type Undone } from './change-kind.ts'
export type { Forecast, JournalRecord, RecordData, RecordType } from './record.ts'
