import type pg from 'pg'
import type { Clock, ReleaseId } from '../../core/index.ts'
import type { Proof } from '../../journal/index.ts'
import type { ReleasePlan } from '../release.ts'
import { type HostStatus, type Readiness, readHosts, readinessOf } from './hosts.ts'
import { findRelease } from './register.ts'
import { conflict, notPlaced, readSplit } from './split.ts'
import { type Purpose, unwant, want } from './wanted.ts'

const validMs = 24 * 60 * 60 * 1_000
const lookEveryMs = 200
/** More than a release may take to come up, for a host that is slow to hear. */
const patienceMs = 30_000
/** The new release stays up beside the old one for so long after its proof, so that a go finds it warm. */
const keptWarmMs = 15 * 60_000

export const baseOf = (current: ReleaseId): string => `release ${current}`

/**
 * Shows that back works: on every host a second process of the old release boots on today's schema and passes its checks,
 * and so does the new one beside it. Neither gets a request.
 */
export async function proveRelease(pool: pg.Pool, plan: ReleasePlan, clock: Clock): Promise<Proof> {
  const { service, release, before, digest } = plan
  const steps: string[] = []
  const result = (found: { readonly reason: string } | { readonly ok: true }): Proof => ({
    ok: !('reason' in found),
    digest,
    base: baseOf(before),
    expiresAt: new Date(clock.now() + validMs).toISOString(),
    loss: 'kept',
    undoMs: backMs,
    locks: [],
    steps,
    ...('reason' in found ? { reason: found.reason } : {}),
  })

  const split = await readSplit(pool, service)
  const refusal = split === undefined ? notPlaced(service) : conflict(split, plan, undefined)
  if (refusal !== undefined) return result({ reason: refusal.message })
  const [next, old] = [await findRelease(pool, service, release), await findRelease(pool, service, before)]
  for (const [found, name] of [
    [next, release],
    [old, before],
  ] as const) {
    if (found === undefined) return result({ reason: `Nothing is known of release ${name}: run "sankofa ship" again.` })
  }

  const rehearsal = { service, release: before, purpose: 'rehearse' } as const
  const beside = { service, release, purpose: 'serve' } as const
  const longestMs =
    patienceMs + Math.max(next?.manifest.start.readyWithinMs ?? 0, old?.manifest.start.readyWithinMs ?? 0)
  try {
    await want(pool, { ...rehearsal, by: 'a proof', forMs: longestMs })
    await want(pool, { ...beside, by: 'a proof', forMs: longestMs + keptWarmMs })
    for (const { what, purpose, named } of [
      { what: 'the old release boots on the schema as it is', purpose: 'rehearse', named: before },
      { what: 'the new release boots beside it', purpose: 'serve', named: release },
    ] as const) {
      const found = await waitUntilReady(pool, { service, release: named, purpose }, longestMs, clock)
      if (found.state !== 'ready') {
        return result({ reason: `It could not be shown that ${what} (${named}) on host ${found.host}: ${found.why}` })
      }
      steps.push(...found.processes.map((process, index) => passed(what, named, found.hosts[index] ?? '', process)))
    }
  } finally {
    await unwant(pool, rehearsal)
  }
  steps.push(
    `Back is a change of weights: every gateway sends everybody to ${before}, which goes on running, within a second.`,
  )
  return result({ ok: true })
}

/** From the request to the last gateway that obeys, as `npm run bench -- gateway` and the tests of switches see it at most. */
const backMs = 1_000

type Checked = {
  readonly checks: readonly { readonly path: string; readonly status?: number | undefined }[]
  readonly startedInMs: number | undefined
}

function passed(what: string, release: ReleaseId, host: string, { checks, startedInMs }: Checked): string {
  const paths = checks.map(({ path, status }) => `${path} ${status}`).join(', ')
  const time = startedInMs === undefined ? '' : ` after ${(startedInMs / 1_000).toFixed(1)} s`
  return `On ${host} ${what}: ${release} answered ${paths}${time}.`
}

/** Polls the answers of all hosts, or of `onHosts`. With no host alive it waits for one, as long as for a release. */
export async function waitUntilReady(
  pool: pg.Pool,
  wanted: {
    readonly service: string
    readonly release: ReleaseId
    readonly purpose: Purpose
    readonly onHosts?: readonly string[]
  },
  longestMs: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Readiness> {
  const { service, release, purpose, onHosts } = wanted
  const giveUpAtMs = clock.now() + longestMs
  for (;;) {
    const hosts = await readHosts(pool, service)
    const asked = onHosts === undefined ? hosts : hosts.filter(({ host }) => onHosts.includes(host))
    const found = ofHosts(asked, release, purpose)
    if (found.state !== 'waits' || clock.now() >= giveUpAtMs || signal?.aborted === true) return found
    await clock.sleep(lookEveryMs, signal)
  }
}

function ofHosts(hosts: readonly HostStatus[], release: ReleaseId, purpose: Purpose): Readiness {
  if (hosts.length > 0) return readinessOf(hosts, release, purpose)
  return { state: 'waits', host: '(none)', why: 'no host of this service reports. Start one: "sankofa host".' }
}
