import { list } from '../words.ts'
import type { ReleaseHealth, ReleaseHost } from './contract.ts'

/** What the hosts say of a release that gets requests. A host that is silent says nothing, good or bad. */
export function healthOf(hosts: readonly ReleaseHost[], release: string): ReleaseHealth {
  const speaking = hosts.filter((host) => !host.silent)
  const silent = hosts.filter((host) => host.silent).map(({ host }) => host)
  if (speaking.length === 0) {
    return { state: 'unknown', words: silent.length === 0 ? 'No host reports.' : `No word from ${list(silent)}.` }
  }
  const failed: string[] = []
  const coming: string[] = []
  for (const { host, processes } of speaking) {
    const state = processes.find((process) => process.release === release && process.purpose === 'serve')?.state
    if (state === 'failed' || state === 'missing') failed.push(host)
    else if (state !== 'ready') coming.push(host)
  }
  const rest = silent.length === 0 ? '' : `; no word from ${list(silent)}`
  if (failed.length > 0) return { state: 'failed', words: `Does not come up on ${list(failed)}${rest}.` }
  if (coming.length > 0) return { state: 'starting', words: `Not ready yet on ${list(coming)}${rest}.` }
  const ready = list(speaking.map(({ host }) => host))
  if (silent.length === 0) return { state: 'ready', words: `On ${ready}.` }
  // Ready on those that speak is not yet ready everywhere.
  return { state: 'unknown', words: `Ready on ${ready}${rest}.` }
}
