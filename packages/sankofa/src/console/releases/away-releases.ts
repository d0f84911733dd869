import { hostAwayMs } from '../../release/index.ts'
import { duration } from '../words.ts'
import type { ReleaseHealth, ReleasesStatus } from './contract.ts'

/** What is shown while PostgreSQL does not answer: the last that was known, with its age, and nothing as well. */
export function awayReleases(last: ReleasesStatus | undefined, reason: string, nowMs: number): ReleasesStatus {
  const detail = `PostgreSQL does not answer (${reason}). Gateways and releases go on as they are; “npx sankofa back --local CHANGE” works on a host.`
  if (last === undefined) {
    const sentence = 'Not known: the database does not answer, and nothing was known before.'
    return { sentence, detail, services: [], ships: [], at: new Date(nowMs).toISOString(), away: reason }
  }
  const sinceMs = Math.max(0, nowMs - Date.parse(last.at))
  const health: ReleaseHealth = { state: 'unknown', words: 'Not known while the database is away.' }
  return {
    ...last,
    sentence: `Not known: the database does not answer. What you see is ${duration(sinceMs)} old.`,
    detail: `${detail} The last word was: “${last.sentence}”`,
    services: last.services.map((service) => ({
      ...service,
      current: service.current === null ? null : { ...service.current, health },
      next: service.next === null ? null : { ...service.next, health },
      hosts: service.hosts.map((host) => {
        const ageMs = host.ageMs + sinceMs
        return { ...host, ageMs, silent: ageMs > hostAwayMs }
      }),
    })),
    ships: last.ships.map((ship) =>
      ship.state === 'running' ? { ...ship, state: 'unknown', words: 'Not known while the database is away.' } : ship,
    ),
    away: reason,
  }
}
