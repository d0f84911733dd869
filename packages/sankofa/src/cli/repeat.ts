import type { Logger } from 'pino'
import { isSankofaError, systemClock } from '../core/index.ts'

/** Repeats `work` until the end. What fails is said once for each kind of failure, and tried again. */
export async function repeat(
  everyMs: number,
  ending: AbortSignal,
  log: Logger,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  let said = ''
  while (!ending.aborted) {
    try {
      await work()
      said = ''
    } catch (error) {
      const text = isSankofaError(error) ? error.code : error instanceof Error ? error.message : String(error)
      if (text !== said) log.warn({ err: error }, `${name} failed; it is tried again`)
      said = text
    }
    await systemClock.sleep(everyMs, ending)
  }
}
