import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Answers with its pid on fd 3, its runtime socket on SOCKET; at SIGTERM it finishes what it has, as the real one does. */
const program = `
import { createServer } from 'node:http'
import net from 'node:net'
import { existsSync } from 'node:fs'
if (existsSync('gateway-broken')) {
  console.error('no routes today')
  process.exit(1)
}
let draining = false
const server = createServer((request, response) => {
  if (draining) response.setHeader('connection', 'close')
  setTimeout(() => response.end(String(process.pid)), request.url === '/slow' ? 500 : 3)
})
server.keepAliveTimeout = 60_000
server.listen({ fd: 3 })
const runtime = createServer((request, response) => response.end('{}'))
// It answers while it drains too.
runtime.listen(process.env.SOCKET)
process.on('SIGTERM', () => {
  if (draining) return
  draining = true
  // server.close() would cut idle connections, on which a request may be on its way.
  net.Server.prototype.close.call(server, () => process.exit(0))
  setTimeout(() => server.closeIdleConnections(), 1_000)
})
`

/** @returns the command of a gateway for `createGatewayProcess`; a file `gateway-broken` in the folder makes it end at its start */
export function toyGateway(folder: string): (given: { readonly socketPath: string }) => {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
} {
  const file = join(folder, 'gateway.mjs')
  writeFileSync(file, program)
  return ({ socketPath }) => ({ command: ['node', file], environment: { SOCKET: socketPath } })
}
