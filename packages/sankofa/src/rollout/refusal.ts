import { type ErrorCode, isSankofaError } from '../core/index.ts'

/** No for this moment only: who is in the way ends, settles, or is quicker next time; what died is started again. */
const notNow: ReadonlySet<ErrorCode> = new Set([
  'STALE_EPOCH',
  'CHANGE_NOT_ALLOWED',
  'SHARE_NOT_JOURNALLED',
  'FLAG_TAKEN',
  'TUNABLE_TAKEN',
  'MIGRATIONS_BUSY',
  'MIGRATION_BLOCKED',
  'RELEASE_NOT_READY',
  'RELEASE_TAKEN',
])
/** SQLSTATE classes of what passes: connection, rollback (deadlock), resources, cancelled or not in that state, system. */
const passing = new Set(['08', '25', '40', '53', '55', '57', '58', 'XX'])

/**
 * Is the answer to this step "no", whatever the time of day? Then trying it again only takes its locks again: a person has
 * to do something first. What fails otherwise is "not now", and is tried again.
 */
export function isRefusal(error: unknown): boolean {
  if (!isSankofaError(error) || notNow.has(error.code)) return false
  if (error.code === 'MIGRATION_FAILED') return isOfTheStatement(error.cause)
  return error.status === 404 || error.status === 409 || error.status === 422
}

/** A statement that PostgreSQL will not take next time either. A connection that broke has no code of PostgreSQL's. */
function isOfTheStatement(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !passing.has(code.slice(0, 2))
}
