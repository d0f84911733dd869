import type { Brand } from './brand.ts'

/** Names one change: lower-case words joined by hyphens, such as `demo-broken-checkout`. */
export type ChangeId = Brand<string, 'ChangeId'>
/** Names what runs: `SANKOFA_RELEASE`, else the git commit and a hash of what is not committed. */
export type ReleaseId = Brand<string, 'ReleaseId'>
