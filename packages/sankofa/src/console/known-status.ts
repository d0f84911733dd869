import type { Logger } from 'pino'
import type { Clock } from '../core/index.ts'
import type { Status } from './contract.ts'
import { type Known, keepKnown } from './keep-known.ts'
import type { StatusReader } from './status.ts'
import { duration } from './words.ts'

/** The status now; while PostgreSQL is away, the last one with its age, as `unknown`. */
export type KnownStatus = Known<Status>

export const createKnownStatus = (reader: StatusReader, clock: Clock, log: Logger): KnownStatus =>
  keepKnown({ read: () => reader.read(), away: awayStatus, what: 'the status', clock, log })

function awayStatus(last: Status | undefined, reason: string, nowMs: number): Status {
  const detail = `PostgreSQL does not answer (${reason}). Nothing can be asked from here until it does; “npx sankofa back --local CHANGE” works on the host of the service.`
  if (last === undefined) {
    return {
      verdict: 'unknown',
      sentence: 'Not known: the database does not answer, and nothing was known before.',
      detail,
      culprit: null,
      story: null,
      signals: [],
      changes: [],
      measuring: { ageMs: null, dropped: 0, processes: [], requestsPerSecond: 0, watching: false },
      at: new Date(nowMs).toISOString(),
      away: reason,
    }
  }
  const sinceMs = Math.max(0, nowMs - Date.parse(last.at))
  const ageMs = last.measuring.ageMs === null ? null : last.measuring.ageMs + sinceMs
  return {
    ...last,
    verdict: 'unknown',
    sentence: `Not known: the database does not answer. What you see is ${duration(sinceMs)} old.`,
    detail: `${detail} The last word was: “${last.sentence}”`,
    signals: last.signals.map((signal) => ({ ...signal, state: 'unknown' })),
    changes: last.changes.map((change) => ({ ...change, can: { go: false, hold: false, back: false } })),
    measuring: { ...last.measuring, ageMs, watching: false },
    away: reason,
  }
}
