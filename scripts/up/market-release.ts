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

/**
 * Resolves when customers get answers through the gateway. The host is asked, not the gateway: a request that no release
 * answers yet would count against one that goes out.
 *
 * @param given.sinceMs - what a host of an earlier start reported before is not believed
 * @throws SankofaError `STEP_FAILED` with why the release does not come up
 */
export async function untilOpen(given: {
  readonly databaseUrl: string
  readonly placed: Placed
  readonly sinceMs: number
}): Promise<void> {
  const { service, current } = given.placed
  const pool = createPool({ url: given.databaseUrl, max: 1, applicationName: 'sankofa-start' })
  try {
    for (const untilMs = Date.now() + openWithinMs; ; ) {
      const found = (await readHosts(pool, service))
        .flatMap((host) => host.processes)
        .find(({ release, purpose, sinceMs }) => release === current && purpose === 'serve' && sinceMs >= given.sinceMs)
      if (found?.state === 'ready') return
      if (found?.state === 'failed' || Date.now() > untilMs) {
        throw new SankofaError('STEP_FAILED', {
          what: `The market (release ${current}) does not come up: ${found?.error ?? `it is ${found?.state ?? 'not seen'}`}.`,
          next: 'Mend that, and run "npm start" again.',
        })
      }
      await delay(100)
    }
  } finally {
    await pool.end()
  }
}
