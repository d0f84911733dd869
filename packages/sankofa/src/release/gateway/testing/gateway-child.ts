import { pino } from 'pino'
import { createGateway } from '../gateway.ts'
import { serveRuntimeSocket } from '../runtime-socket.ts'

/** A gateway over the socket it inherited: `node gateway-child.ts ORIGIN RUNTIME-SOCKET`. SIGTERM drains it. */
const [origin = '', path = ''] = process.argv.slice(2)
const log = pino({ level: 'warn' }, process.stderr)
const gateway = createGateway({
  listen: { fd: 3 },
  secret: 'a secret of the tests, and of no other use',
  target: () => ({ upstream: { release: 'a', origin } }),
  log,
})
await gateway.start()
const drain = async (): Promise<void> => {
  await gateway.stop({ graceMs: 400, withinMs: 8_000 })
  await runtime.close()
  process.exit(0)
}
const runtime = await serveRuntimeSocket({
  path,
  status: gateway.status,
  setUpstreams: async () => {},
  drain: () => void drain(),
  log,
})
process.on('SIGTERM', () => void drain())
