export {
  type ChangeKind,
  type ChangeKindName,
  changeKinds,
  type Proof,
  type ProofDigest,
  type TouchedRoutes,
  type Undone,
  type UndoObjection,
} from './change-kind.ts'
export { advance, foldAll, foldChange } from './fold.ts'
export {
  type AppendOptions,
  describeState,
  type Journal,
  type JournalFilter,
  type NewRecord,
  openJournal,
} from './journal.ts'
export { type JournalledStep, journalledStep } from './journalled-step.ts'
export {
  type Before,
  type Forecast,
  type HoldCause,
  holdCauses,
  type JournalRecord,
  type RecordData,
  type RecordType,
  type ShipStep,
  shipStepStates,
} from './record.ts'
export { lastThatCanGoBack, propose, requestBack, requestGo, requestHold } from './requests.ts'
export { mayAppend, type Objection } from './rules.ts'
export { toJson } from './schema.ts'
export {
  type ChangeState,
  type ChangeStateName,
  changeStates,
  expectedShares,
  type Go,
  type InFlight,
  type Pending,
} from './state.ts'
