import { SankofaError, systemClock } from '../../core/index.ts'
import type { Step } from '../../pipeline/index.ts'
import {
  type Manifest,
  placeCurrent,
  type Readiness,
  readHosts,
  unwant,
  waitUntilReady,
  want,
} from '../../release/index.ts'
import type { Context } from '../context.ts'
import { haveOneSecret } from '../host/secret-mark.ts'
import { readableLines } from './readable.ts'

/** A release that nobody lets go within this time is stopped again. */
const keptWarmMs = 15 * 60_000

/** Starts a release, beside the one that runs where there is one, host by host, each when the one before says that it is ready. */
export function startStep(context: Context, manifestOf: () => Manifest, running: Manifest | undefined): Step {
  const { pool, config, actor } = context
  const { service } = config
  return {
    id: 'start',
    title: running === undefined ? 'Start it' : 'Start it beside the old one',
    async run({ log, signal }) {
      const { release, start } = manifestOf()
      const wanted = { service, release, purpose: 'serve' } as const
      const patienceMs = start.readyWithinMs + 10_000
      const startOn = async (onHosts: readonly string[] | undefined): Promise<Readiness> => {
        const there = onHosts === undefined ? {} : { onHosts }
        await want(pool, { ...wanted, ...there, by: `ship by ${actor}`, forMs: keptWarmMs })
        const found = await waitUntilReady(pool, { ...wanted, ...there }, patienceMs, systemClock, signal)
        signal.throwIfAborted()
        return found
      }
      const reporting = await readHosts(pool, service)
      const hosts = reporting.map(({ host }) => host)
      if (!haveOneSecret(reporting)) throw secretsDiffer(hosts)
      const placed = config.release?.hosts?.length ?? 0
      if (hosts.length < placed)
        log(
          `! ${hosts.length} of ${placed} hosts report. Start "sankofa host" on the others: what is placed there waits.`,
        )
      let found: Readiness | undefined
      // One after the other: what does not come up at all has met one host only.
      for (const [index, host] of hosts.length > 1 ? hosts.entries() : []) {
        found = await startOn(hosts.slice(0, index + 1))
        if (found.state !== 'ready') break
        log(`ready on ${host}`)
      }
      if (found === undefined || found.state === 'ready') found = await startOn(undefined)
      if (found.state === 'ready') {
        // Only now: one that never comes up must not be what the next release is compared with.
        const current = running === undefined ? await placeCurrent(pool, service, release) : release
        if (current !== release) log(`! ${current} runs already`)
        return `ready on ${found.hosts.join(', ')}`
      }
      // Else its hosts would try it again and again.
      await unwant(pool, wanted)
      throw new SankofaError('STEP_FAILED', {
        what: `${release} does not come up on ${found.host}: ${readableLines(found.why.split('\n')).join('\n')}`,
        next:
          running === undefined
            ? 'Mend it and ship again.'
            : `Nobody got it: ${running.release} goes on. Mend it and ship again.`,
      })
    },
  }
}

const secretsDiffer = (hosts: readonly string[]): SankofaError<'STEP_FAILED'> =>
  new SankofaError('STEP_FAILED', {
    what: `The hosts ${hosts.join(', ')} have different secrets: a visitor would get one release here and another there.`,
    next: 'Nobody got the release. Give each "sankofa host" the same SANKOFA_SECRET, or the same file .sankofa/secret, and start it again; then ship again.',
  })
