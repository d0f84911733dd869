// A keeper in a process of its own, for tests that kill it. Reads its orders from the environment; from stdin, line by
// line, what is wanted ("want [...]") and "stop". It stops for good at the moment it was told to.
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { layoutOf } from '../../layout.ts'
import type { Instance } from '../instance.ts'
import { createKeeper } from '../keeper.ts'

type Orders = {
  readonly root: string
  /** The moment at which it says so and waits to be killed; `times`: the how-manieth of that name. */
  readonly pauseAt?: string
  readonly times?: number
}

const orders = JSON.parse(process.env.KEEPER_ORDERS ?? '{}') as Orders
const say = (word: 'paused' | 'started'): void => void process.stdout.write(`${word}\n`)

let isPaused = false
let seen = 0
const keeper = createKeeper(
  {
    layout: layoutOf(orders.root),
    environment: {},
    inFlight: async () => 0,
    onUpstreams: async () => {},
    log: pino({ level: process.env.HOST_LOG ?? 'silent' }, pino.destination(2)),
  },
  {
    async moment(name) {
      // Whole, not one instance alone: nothing may slip past the moment at which it is killed.
      if (isPaused) return new Promise(() => {})
      if (name !== orders.pauseAt || ++seen < (orders.times ?? 1)) return
      isPaused = true
      say('paused')
      return new Promise(() => {})
    },
  },
)

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (line.startsWith('want ')) keeper.want(JSON.parse(line.slice(5)) as Instance[])
  if (line === 'stop') void keeper.stop('stop')
})
// The parent gone, nobody needs this process.
lines.on('close', () => process.exit(0))
await keeper.start()
say('started')
