import { SankofaError } from '../../core/index.ts'
import type { Step } from '../../pipeline/index.ts'
import { type Layout, type Manifest, packRelease } from '../../release/index.ts'
import { overSsh } from './over-ssh.ts'
import { readReceived } from './received.ts'
import type { SshHost } from './ssh-host.ts'
import { whyNotPlaced } from './why-not-placed.ts'

/** A host that is asked has to start Node, no more. */
const askedWithinMs = 60_000

/** Before minutes are spent on checks: every host can be reached, and has a Sankofa. */
export const reachStep = (hosts: readonly SshHost[], manifestOf: () => Manifest): Step => ({
  id: 'reach',
  title: 'Look at its hosts',
  async run({ log, signal }) {
    const manifest = manifestOf()
    const has = await Promise.all(hosts.map((host) => hasIt(host, manifest, signal)))
    for (const [index, host] of hosts.entries())
      log(`${host.ssh}: ${has[index] === true ? 'has it already' : 'can be reached'}`)
    return `${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`
  },
})

/** Sends the release to one host after the other; each makes it whole or not at all. One that has it is passed at once. */
export const placeStep = (hosts: readonly SshHost[], layout: Layout, manifestOf: () => Manifest): Step => ({
  id: 'place',
  title: 'Place it on its hosts',
  async run({ log, signal }) {
    const manifest = manifestOf()
    let sent = 0
    for (const host of hosts) {
      if (await hasIt(host, manifest, signal)) {
        log(`${host.ssh}: has it already`)
        continue
      }
      const startedMs = performance.now()
      log(`${host.ssh}: it is sent`)
      await place(host, layout, manifest, signal, (line) => log(`${host.ssh}: ${line}`))
      log(`${host.ssh}: has it, after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`)
      sent++
    }
    return `sent to ${sent} of ${hosts.length} hosts${sent === hosts.length ? '' : '; the others had it'}`
  },
})

async function hasIt(host: SshHost, manifest: Manifest, signal: AbortSignal): Promise<boolean> {
  const patience = AbortSignal.timeout(askedWithinMs)
  const end = await overSsh(host, ['receive', '--release', manifest.release], {
    signal: AbortSignal.any([signal, patience]),
  }).catch((error: unknown) => {
    if (signal.aborted || !patience.aborted) throw error
    throw new SankofaError('STEP_FAILED', {
      what: `${host.ssh} did not answer within ${askedWithinMs / 1_000} s.`,
      next: `Nobody got the release. See what it does: "ssh ${host.ssh} true".`,
    })
  })
  const answer = readReceived(end.stdout)
  if (answer === undefined || 'error' in answer) throw whyNotPlaced(host, end)
  if (answer.has === null) return false
  refuseOther(host, answer.has, manifest)
  return true
}

async function place(
  host: SshHost,
  layout: Layout,
  manifest: Manifest,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const end = await overSsh(host, ['receive'], {
    input: await packRelease(layout, manifest.release),
    signal,
    onLine: (line) => {
      if (line.startsWith('sankofa: ')) say(line.slice('sankofa: '.length))
    },
  })
  const answer = readReceived(end.stdout)
  if (answer === undefined || 'error' in answer || answer.has === null) throw whyNotPlaced(host, end)
  refuseOther(host, answer.has, manifest)
}

function refuseOther({ ssh, directory }: SshHost, has: string, { release, digest }: Manifest): void {
  if (has === digest) return
  throw new SankofaError('STEP_FAILED', {
    what: `${ssh} has another release named ${release} in ${directory}: its digest is ${has}, not ${digest}.`,
    next: 'Nobody got the release. Take that one away there, or ship another commit.',
  })
}
