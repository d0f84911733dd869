export {
  type AttemptStep,
  type AttemptTypes,
  attemptLimitMs,
  attemptSteps,
  type Unfinished,
  unfinishedAttempts,
  type Worth,
} from './attempts.ts'
export { type EventFilter, type EventRecord, readEvents } from './read.ts'
export { sealEvents } from './seal.ts'
export { readSeals, type SealLine } from './seal-file.ts'
export { type Verified, verifyEvents } from './verify.ts'
export type { BadEvent } from './verify-seals.ts'
export { createEventWriter, type EventWriter, type NewEvent } from './write-event.ts'
