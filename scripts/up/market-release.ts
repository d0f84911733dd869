import { setTimeout as delay } from 'node:timers/promises'
import { SankofaError } from 'sankofa/core'
import { createPool } from 'sankofa/db'
import { readHosts } from 'sankofa/release'

/** What `place-release.ts` says. */
export type Placed = {
  readonly service: string
  /** What was made of the folder as it is now. */
  readonly made: string
  /** What everybody gets; another one while a release change is out. */
  readonly current: string
  /** What goes out beside it now, since an earlier start. */
  readonly next: string | undefined
}

/** A start is not a matter of minutes: what does not come up is told. */
const openWithinMs = 90_000
/** What a host of an earlier start reported last may be read for a moment longer. */
const believeFailureAfterMs = 3_000

/** Resolves when a customer gets an answer through the gateway. @throws Error with why the release does not come up */
export async function untilOpen(given: {
  readonly marketUrl: string
  readonly databaseUrl: string
  readonly placed: Placed
}): Promise<void> {
  const { service, current } = given.placed
  const pool = createPool({ url: given.databaseUrl, max: 1, applicationName: 'sankofa-start' })
  try {
    const fromMs = Date.now()
    for (let why = 'nothing answers'; ; ) {
      const answer = await fetch(`${given.marketUrl}/health`, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      )
      await answer?.body?.cancel()
      if (answer?.ok === true) return
      const waitedMs = Date.now() - fromMs
      if (waitedMs > believeFailureAfterMs) {
        const processes = (await readHosts(pool, service)).flatMap((host) => host.processes)
        const failed = processes.find(({ release, state }) => release === current && state === 'failed')
        why = failed?.error ?? why
        if (failed !== undefined || waitedMs > openWithinMs)
          throw new SankofaError('STEP_FAILED', {
            what: `the market (release ${current}) does not come up: ${why}`,
            next: 'Mend that, and run "npm start" again.',
          })
      }
      await delay(100)
    }
  } finally {
    await pool.end()
  }
}
