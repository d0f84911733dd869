import type { Logger } from 'pino'
import type { Clock } from '../core/index.ts'
import { withinTime } from './within-time.ts'

/** A server that hangs is as away as one that refuses. */
const answerWithinMs = 10_000

/** Reads that never reject. */
export type Known<T> = { read(): Promise<T> }

/** Keeps what was read last in memory, so that an open screen is never blank; reads at the same time are one. */
export function keepKnown<T>(options: {
  read(): Promise<T>
  /** What is said instead while it cannot be read. */
  away(last: T | undefined, reason: string, nowMs: number): T
  /** What cannot be read, in the log. */
  readonly what: string
  readonly clock: Clock
  readonly log: Logger
}): Known<T> {
  const { what, clock, log } = options
  let last: T | undefined
  let failing = false
  let reading: Promise<T> | undefined

  const readNow = async (): Promise<T> => {
    try {
      last = await withinTime(options.read(), answerWithinMs)
      failing = false
      return last
    } catch (error) {
      // Once for each time that it goes away, not for each look.
      if (!failing) log.warn({ err: error }, `${what} cannot be read`)
      failing = true
      return options.away(last, error instanceof Error ? error.message : String(error), clock.now())
    }
  }

  return {
    read() {
      reading ??= readNow().finally(() => {
        reading = undefined
      })
      return reading
    },
  }
}
