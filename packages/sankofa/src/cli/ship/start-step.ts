import { SankofaError, systemClock } from '../../core/index.ts'
import type { Step } from '../../pipeline/index.ts'
import { type Manifest, placeCurrent, unwant, waitUntilReady, want } from '../../release/index.ts'
import type { Context } from '../context.ts'
import { readableLines } from './readable.ts'

/** A release that nobody lets go within this time is stopped again. */
const keptWarmMs = 15 * 60_000

/** Starts a release, beside the one that runs where there is one, and waits until hosts say that it is ready. */
export function startStep(context: Context, manifestOf: () => Manifest, running: Manifest | undefined): Step {
  const { pool, config, actor } = context
  const { service } = config
  return {
    id: 'start',
    title: running === undefined ? 'Start it' : 'Start it beside the old one',
    async run({ log, signal }) {
      const { release, start } = manifestOf()
      const wanted = { service, release, purpose: 'serve' } as const
      await want(pool, { ...wanted, by: `ship by ${actor}`, forMs: keptWarmMs })
      const patienceMs = start.readyWithinMs + 10_000
      const found = await waitUntilReady(pool, wanted, patienceMs, systemClock, signal)
      signal.throwIfAborted()
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
