import type pg from 'pg'
import { type Clock, SankofaError } from '../../core/index.ts'
import { watchBlockers } from './blockers.ts'

export type AttemptOptions = {
  readonly pool: pg.Pool
  readonly clock: Clock
  readonly tries: number
  readonly giveUpAfterMs: number
  readonly lockTimeoutMs: number
  readonly log?: { warn(fields: object, text: string): void } | undefined
}

/**
 * Tries something that leaves nothing behind when it fails, until it gets its locks. Between the tries whoever waited
 * behind it comes first.
 *
 * @throws SankofaError `MIGRATION_BLOCKED` with those who were in the way; anything that is not about locks as it came
 */
export async function untilUnblocked<T>(
  options: AttemptOptions,
  who: { readonly pid: number; readonly migration: string },
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now()
  for (let tries = 1; ; tries++) {
    const watch = watchBlockers(options.pool, who.pid, Math.max(10, options.lockTimeoutMs / 3))
    let failure: unknown
    try {
      return await work()
    } catch (error) {
      failure = error
    } finally {
      await watch.stop()
    }
    if (!isAboutLocks(failure)) throw failure
    const by = await watch.stop()
    const pauseMs = pauseAfter(tries)
    const waitedMs = performance.now() - began
    if (tries >= options.tries || waitedMs + pauseMs > options.giveUpAfterMs) {
      throw new SankofaError(
        'MIGRATION_BLOCKED',
        { migration: who.migration, tries, waitedS: Math.round(waitedMs / 100) / 10, by },
        { cause: failure },
      )
    }
    options.log?.warn({ migration: who.migration, tries, by }, 'got no lock, nothing was done; tries again')
    await options.clock.sleep(pauseMs)
  }
}

/** Half of it is chance, so that two who collide do not collide again. At most 10 s. */
const pauseAfter = (tries: number): number => Math.min(10_000, 200 * 2 ** (tries - 1)) * (0.5 + Math.random() / 2)

/** Lock timeout, NOWAIT, deadlock: another try may go through. */
export const isAboutLocks = (error: unknown): boolean => ['55P03', '40P01'].includes(codeOf(error))

export const codeOf = (error: unknown): string => {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : ''
}
