// What a keeper does for its gateway, in a process of its own, for tests that kill it at a moment.
import { pino } from 'pino'
import { layoutOf } from '../../layout.ts'
import { createGatewayProcess } from '../gateway-process.ts'
import { openListeningSocket } from '../listening-socket.ts'
import { toyGateway } from './toy-gateway.ts'

type Orders = { readonly root: string; readonly port: number; readonly pauseAt: string; readonly restarts: boolean }

const { root, port, pauseAt, restarts } = JSON.parse(process.env.GATEWAY_ORDERS ?? '{}') as Orders
let isPaused = false
const gateway = createGatewayProcess(
  {
    layout: layoutOf(root),
    socket: (beside) => openListeningSocket({ host: '127.0.0.1', port, beside }),
    command: toyGateway(root),
    readyWithinMs: 20_000,
    log: pino({ level: process.env.HOST_LOG ?? 'silent' }, pino.destination(2)),
  },
  {
    async moment(name) {
      if (!isPaused && name !== pauseAt) return
      isPaused = true
      process.stdout.write('paused\n')
      return new Promise(() => {})
    },
  },
)
// The parent gone, nobody needs this process.
process.stdin.on('close', () => process.exit(0)).resume()
await gateway.start()
if (restarts) await gateway.restart()
