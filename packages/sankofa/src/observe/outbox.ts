import type pg from 'pg'
import type { Logger } from 'pino'
import type { Batch } from './batch.ts'
import { addDropped, type Dropped, dropReasons, type Limits } from './limits.ts'
import { writeBatch } from './write-batch.ts'

/** Windows on their way to PostgreSQL: oldest first, bounded; the oldest are dropped and counted when it stays away. */
export type Outbox = {
  add(batch: Batch): void
  /** Sends what waits. One at a time: a call while another runs does nothing. @returns true when nothing waits any more */
  drain(): Promise<boolean>
  pending(): { readonly windows: number; readonly bytes: number }
  /** Counted, and not yet written. */
  dropped(): Readonly<Dropped>
}

export function createOutbox(pool: pg.Pool, limits: Limits, log: Logger): Outbox {
  const waiting: Batch[] = []
  const untold: Dropped = {}
  const tried = new WeakSet<Batch>()
  let bytes = 0
  let sending: Batch | undefined
  let away = false

  const remove = (batch: Batch): void => {
    const at = waiting.indexOf(batch)
    if (at < 0) return
    waiting.splice(at, 1)
    bytes -= batch.bytes
  }

  const drop = (batch: Batch): void => {
    remove(batch)
    addDropped(untold, batch.dropped)
    addDropped(untold, { windows: 1, requests: batch.requests })
  }

  const isOver = (): boolean => waiting.length > limits.pendingWindows || bytes > limits.pendingBytes

  return {
    add(batch) {
      waiting.push(batch)
      bytes += batch.bytes
      while (waiting.length > 1 && isOver()) {
        const oldest = waiting.find((candidate) => candidate !== sending)
        if (oldest === undefined || oldest === batch) break
        drop(oldest)
      }
    },
    async drain() {
      if (sending !== undefined) return false
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        sending = next
        if (!tried.has(next)) {
          tried.add(next)
          addDropped(next.dropped, untold)
          for (const reason of dropReasons) delete untold[reason]
        }
        try {
          await writeBatch(pool, next)
        } catch (error) {
          if (isRefused(error)) {
            log.error({ err: error }, 'a window of measurements was refused by PostgreSQL and is dropped')
            drop(next)
            continue
          }
          if (!away)
            log.warn({ err: error, windows: waiting.length }, 'measurements cannot be written; they wait in memory')
          away = true
          return false
        } finally {
          sending = undefined
        }
        remove(next)
        if (away) log.info({ windows: waiting.length, dropped: next.dropped }, 'measurements are written again')
        away = false
      }
      return true
    },
    pending: () => ({ windows: waiting.length, bytes }),
    dropped() {
      const all: Dropped = { ...untold }
      for (const batch of waiting) addDropped(all, batch.dropped)
      return all
    },
  }
}

/** Wrong data (classes 22 and 23) stays wrong: trying again would hold up every window behind it. */
const isRefused = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code)
