import { createHmac } from 'node:crypto'
import { remember } from './remember.ts'

const keptKeys = 20_000

/** The only form in which a subject leaves the process: the first 16 hex digits of HMAC-SHA-256 under the secret. */
export function createSubjectKey(secret: string): (id: string) => string {
  return remember(keptKeys, (id) => createHmac('sha256', secret).update(id).digest('hex').slice(0, 16))
}
