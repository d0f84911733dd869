import type { Clock } from '../../core/index.ts'
import type { Running } from './boot.ts'
import { answered, type Check, isHealthy, isSound } from './check.ts'

/** Why a process is not looked after any more: as it is told, or because it failed. */
export type Outcome = 'left' | 'unwanted' | { readonly failed: string; readonly wasReady: boolean }

const smokeTimeoutMs = 5_000

/** Asks for its health until it is well, then for each smoke path once. */
export async function untilReady(
  found: Running,
  loop: {
    readonly clock: Clock
    pause(ms: number): Promise<boolean>
    /** `undefined`: it was cut short, so ask again. */
    look(origin: string, path: string, timeoutMs: number): Promise<Check | undefined>
    cut(wasReady: boolean): Outcome | undefined
    checked(checks: readonly Check[]): void
  },
): Promise<Outcome | 'ready'> {
  const { start, origin, beganMs } = found
  const { clock } = loop
  if (start === undefined) return failed('its folder went away while it started')
  const untilMs = beganMs + start.readyWithinMs
  let checks: readonly Check[] = []
  for (let waitMs = 25; ; ) {
    const because = loop.cut(false)
    if (because !== undefined) return because
    const [health] = checks
    if (health === undefined || !isHealthy(health)) {
      const leftMs = untilMs - clock.now()
      if (leftMs <= 0) return failed(notReady(start.health, start.readyWithinMs, health))
      const asked = await loop.look(origin, start.health, Math.min(2_000, leftMs))
      if (asked === undefined) continue
      checks = [asked]
      loop.checked(checks)
      if (isHealthy(asked)) continue
      await loop.pause(waitMs)
      waitMs = Math.min(250, waitMs * 1.5)
      continue
    }
    // One check of the health, then one for each path that was asked.
    const path = start.smoke[checks.length - 1]
    if (path === undefined) return 'ready'
    const asked = await loop.look(origin, path, smokeTimeoutMs)
    if (asked === undefined) continue
    checks = [...checks, asked]
    loop.checked(checks)
    if (!isSound(asked)) return failed(`${path} ${answered(asked)}`)
  }
}

const failed = (why: string): Outcome => ({ failed: why, wasReady: false })

const notReady = (path: string, withinMs: number, last: Check | undefined): string =>
  `${path} did not answer 2xx within ${withinMs} ms${last === undefined ? '' : `; the last time it ${answered(last)}${whatItNeeds(last)}`}`

/** The two that everybody meets first. */
function whatItNeeds({ path, status }: Check): string {
  if (status === 404)
    return `. It needs a route ${path} that answers when it is well; release.health names another path`
  return status === undefined ? '. It has to listen on the port that PORT names, on loopback (HOST)' : ''
}
