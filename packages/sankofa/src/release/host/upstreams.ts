import type { Logger } from 'pino'
import type { Clock } from '../../core/index.ts'

export type HostUpstream = { readonly release: string; readonly origin: string }

export type Upstreams = {
  /** @returns whether the gateway was told all that is so now; `false` when it took none for 10 s */
  publish(): Promise<boolean>
  /** From now on changes are told; before, they wait. */
  open(): void
  close(): void
}

/** Tells the gateway which upstreams there are: one telling at a time, the newest wins, repeated until it is taken. */
export function createUpstreams(options: {
  current(): readonly HostUpstream[]
  tell(upstreams: readonly HostUpstream[]): Promise<void>
  readonly log: Logger
  readonly clock: Clock
}): Upstreams {
  const { clock, log } = options
  const closed = new AbortController()
  let isOpen = false
  let wanted = 0
  let told = 0
  let last: string | undefined
  let isTelling = false
  const waiting = new Set<() => void>()

  async function tellAll(): Promise<void> {
    if (isTelling) return
    isTelling = true
    for (let failures = 0; isOpen && told < wanted && !closed.signal.aborted; ) {
      const version = wanted
      const upstreams = options.current()
      const text = JSON.stringify(upstreams)
      try {
        if (text !== last) await options.tell(upstreams)
        last = text
        told = version
        failures = 0
        for (const look of [...waiting]) look()
      } catch (error) {
        // The gateway may have taken it all the same.
        last = undefined
        if (failures++ === 0) log.warn({ err: error }, 'the gateway was not told the upstreams; it is told again')
        await clock.sleep(Math.min(2_000, 50 * 2 ** failures), closed.signal)
      }
    }
    isTelling = false
  }

  return {
    async publish() {
      const version = ++wanted
      void tellAll()
      const patience = new AbortController()
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = (): void => {
        if (told >= version) resolve()
      }
      waiting.add(look)
      look()
      await Promise.race([promise, clock.sleep(10_000, AbortSignal.any([patience.signal, closed.signal]))])
      patience.abort()
      waiting.delete(look)
      return told >= version
    },
    open() {
      isOpen = true
      void tellAll()
    },
    close: () => closed.abort(),
  }
}
