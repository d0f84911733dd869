import { setTimeout as delay } from 'node:timers/promises'
import { requestBack, requestGo } from 'sankofa/journal'
import { openHost } from './host.ts'
import { type Kind, kinds, startLoad } from './load.ts'

export type Switches = {
  readonly requests: Readonly<Record<Kind, number>>
  readonly failed: readonly string[]
  /** Requests that a release got which was taken back afterwards. */
  readonly onTheNew: number
  /** From the request to go back until the last request began that the bad release answered, ms, of each switch. */
  readonly backMs: readonly number[]
  /** From the request to go until the first customer had it, proof and boot included, ms. */
  readonly goMs: readonly number[]
}

/** Ships a release and takes it back, again and again, under load of every kind. */
export async function runSwitches(
  databaseUrl: string,
  switches: number,
  log: (line: string) => void,
): Promise<Switches> {
  const host = await openHost(databaseUrl)
  try {
    const before = await host.make('the first')
    const load = startLoad(host.port, { 'keep-alive': 6, 'new connection': 4, upload: 2, stream: 2, upgrade: 2 })
    const backMs: number[] = []
    const goMs: number[] = []
    for (let index = 0; index < switches; index++) {
      const next = await host.make(`number ${index % 2}`)
      const change = await host.propose(next, before)
      const askedMs = performance.now()
      await requestGo(host.journal, { change, actor: 'bench' })
      await host.until(
        change,
        ({ state, share, inFlight }) => state === 'exposed' && share > 0 && inFlight === undefined,
      )
      // Until it was seen to answer: a release that nobody got is no test of going back.
      const isDrawn = (): boolean =>
        load.answered.some(({ release, beganMs }) => release === next.release && beganMs >= askedMs)
      while (!isDrawn()) await delay(5)
      goMs.push(
        (load.answered.find((one) => one.release === next.release && one.beganMs >= askedMs)?.beganMs ?? 0) - askedMs,
      )
      await delay(300)
      const backAskedMs = performance.now()
      await requestBack(host.journal, { change, actor: 'bench', reason: 'bench' })
      await host.until(change, ({ state }) => state === 'undone')
      await delay(500)
      const last = load.answered.filter(({ release }) => release === next.release).at(-1)
      backMs.push(Math.max(0, (last?.beganMs ?? 0) - backAskedMs))
      log(`${index + 1}/${switches}: back after ${backMs.at(-1)?.toFixed(0)} ms, ${load.failed.length} failed`)
    }
    await load.stop()
    const requests = Object.fromEntries(
      kinds.map((kind) => [kind, load.answered.filter((one) => one.kind === kind).length]),
    ) as Record<Kind, number>
    const onTheNew = load.answered.filter(({ release }) => release !== before.release).length
    return { requests, failed: load.failed, onTheNew, backMs, goMs }
  } finally {
    await host.stop()
  }
}
