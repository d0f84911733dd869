export type { Brand } from './brand.ts'
export { type Clock, systemClock } from './clock.ts'
export { type ErrorCode, type ErrorDetails, isSankofaError, SankofaError } from './errors.ts'
export { type ChangeId, changeId, currentRelease, type ReleaseId } from './ids.ts'
