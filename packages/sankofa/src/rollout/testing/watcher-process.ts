// A watcher in a process of its own, for tests that kill it. Reads its orders from the environment and, line by line,
// from stdin: "run" lets the time pass, "go on" leaves the pause.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { type Clock, systemClock } from '../../core/index.ts'
import { createPool } from '../../db/index.ts'
import { flagKind } from '../../flags/index.ts'
import { openJournal } from '../../journal/index.ts'
import { createWatcher } from '../index.ts'
import { crashing } from './crashing.ts'
import { paperShop } from './paper-shop.ts'
import { testFlag } from './test-flag.ts'

type Orders = {
  readonly url: string
  readonly holder: string
  readonly harmful: boolean
  /** The moment at which it stops and waits to be killed. */
  readonly pauseAt?: string
  /** Virtual time at which it begins; absent for the real time and the real lease. */
  readonly nowMs?: number
}

const say = (word: string, detail: object = {}): void =>
  void process.stdout.write(`${JSON.stringify({ word, ...detail })}\n`)

const orders = JSON.parse(process.env.WATCHER_ORDERS ?? '{}') as Orders
const pool = createPool({ url: orders.url, max: 4, applicationName: orders.holder })
const quick = orders.nowMs === undefined ? undefined : quickClock(orders.nowMs)
const clock: Clock = quick ?? systemClock
const journal = openJournal(pool)
const kind = flagKind({ pool, journal, flags: [testFlag], clock })
const goOn = Promise.withResolvers<void>()
const { journal: pausing, kind: pausingKind } = crashing(journal, kind, orders.pauseAt, () => {
  say('paused', { nowMs: clock.now() })
  return goOn.promise
})

const watcher = createWatcher({
  pool,
  journal: pausing,
  kinds: [pausingKind],
  measurement: await paperShop(pool, orders),
  attempts: [],
  clock,
  holder: orders.holder,
  log: pino({ level: 'warn' }, pino.destination(2)),
  ...(orders.nowMs === undefined ? { listenUrl: orders.url } : { limits: { leaseTtlMs: 400, settleLagMs: 0 } }),
})
watcher.start()

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (line === 'go on') goOn.resolve()
  if (line === 'run') quick?.run()
})
// The parent gone, nobody needs this process.
lines.on('close', () => process.exit(0))

let led = watcher.leading()
const telling = setInterval(() => {
  const leads = watcher.leading()
  if (leads === led) return
  led = leads
  say(leads === undefined ? 'stands by' : 'leads', { epoch: String(leads) })
}, 5)

await once(process, 'SIGTERM')
await watcher.stop()
clearInterval(telling)
lines.removeAllListeners('close')
lines.close()
process.stdin.destroy()
await pool.end()

/** 200 s in one once it runs; the pauses of the watcher are short all the same. */
function quickClock(startMs: number): Clock & { run(): void } {
  const speed = 200
  let runsSince: number | undefined
  return {
    now: () => startMs + (runsSince === undefined ? 0 : Math.round((performance.now() - runsSince) * speed)),
    run: () => {
      runsSince ??= performance.now()
    },
    sleep: async (ms, signal) => {
      await delay(ms / 50, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    },
  }
}
