import type { Unanswered } from './upstream.ts'

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '')

const cannotConnect = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'EMFILE',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])

/** The connection was never there. To be asked only when nothing was written. */
export const isNeverSent = (error: Error): boolean => cannotConnect.has(codeOf(error))

/** The connection was there and went, before any byte of an answer. */
export const isConnectionLost = (error: Error): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))

export function reasonOf(error: Error): Unanswered['reason'] {
  const code = codeOf(error)
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'timeout'
  return code === 'UND_ERR_SOCKET' || !cannotConnect.has(code) || code === 'ECONNRESET' ? 'reset' : 'refused'
}
