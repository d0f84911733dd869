import { randomBytes, randomFillSync } from 'node:crypto'
import { redactText } from '../../observe/index.ts'

const acceptableId = /^[\w.:-]{1,100}$/
const acceptableTraceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
const idPrefix = randomBytes(9).toString('base64url')
let idsGiven = 0

/** The caller's id when it looks like one and like no secret, because services keep it; else a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  if (typeof given === 'string' && acceptableId.test(given) && redactText(given) === given) return given
  idsGiven += 1
  return `${idPrefix}-${idsGiven.toString(36)}`
}

/** The caller's, when it is one by W3C Trace Context; `undefined` else, and its `tracestate` is worth nothing then. */
export function knownTraceparent(given: string | string[] | undefined): string | undefined {
  if (typeof given !== 'string' || !acceptableTraceparent.test(given) || given.startsWith('ff')) return undefined
  return given.includes('-00000000000000000000000000000000-') || given.includes('-0000000000000000-')
    ? undefined
    : given
}

// Drawn for many requests at once: asking the system for 24 bytes costs as much as for 4,096.
const random = Buffer.alloc(24 * 170)
let used = random.length

/** Begins a trace. Sampled: who begins one wants it, and a service that samples by itself may still say no. */
export function newTraceparent(): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  const hex = random.toString('hex', used, used + 24)
  used += 24
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`
}
