import { SankofaError } from '../core/index.ts'
import type { Json } from './canonical.ts'
import { namesSecret } from './secrets.ts'

const deepest = 20

/**
 * Plain JSON of what a service gave, or an error that names the field. A `bigint` becomes its decimal text, so that no
 * digit of money is lost; a `Date` becomes ISO 8601; what is `undefined` is left out.
 *
 * @throws SankofaError `EVENT_HAS_SECRET`, `EVENT_UNWRITABLE`
 */
export function toPlain(value: unknown, path: string, type: string, depth = 0): Json {
  const refuse = (reason: string): never => {
    throw new SankofaError('EVENT_UNWRITABLE', { type, path, reason })
  }
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return value
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string') return toText(value, path, type)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return refuse(`is ${value}`)
    // jsonb has no negative zero: it would be read back as another value.
    return value === 0 ? 0 : value
  }
  if (typeof value !== 'object') return refuse(`is a ${typeof value}`)
  if (depth >= deepest) return refuse(`is nested deeper than ${deepest}, or holds itself`)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? refuse('is no date') : value.toISOString()
  if (Array.isArray(value)) return value.map((item, n) => toPlain(item, `${path}[${n}]`, type, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return refuse('is neither a list nor a plain object')
  const entries: [string, Json][] = []
  for (const [key, item] of Object.entries(value)) {
    const inner = `${path}.${key}`
    if (namesSecret(key)) throw new SankofaError('EVENT_HAS_SECRET', { type, path: inner })
    toText(key, inner, type)
    if (item !== undefined) entries.push([key, toPlain(item, inner, type, depth + 1)])
  }
  return Object.fromEntries(entries)
}

/** PostgreSQL keeps neither a NUL nor half a surrogate pair; better said here than in the middle of a payment. */
export function toText(text: string, path: string, type: string): string {
  if (text.includes('\u0000'))
    throw new SankofaError('EVENT_UNWRITABLE', { type, path, reason: 'holds a NUL character' })
  if (!text.isWellFormed()) {
    throw new SankofaError('EVENT_UNWRITABLE', { type, path, reason: 'holds half a surrogate pair' })
  }
  return text
}
