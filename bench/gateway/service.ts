import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** What stands behind the proxies: `/fast` answers at once, `/query` after 5 ms, `/upload` when it has read the body. */
const json = JSON.stringify({ id: 7, name: 'kente', price: 184_500, stock: 12, text: 'x'.repeat(400) })
const server = createServer(async (request, response) => {
  if (request.url === '/query') await wait(5)
  if (request.method === 'POST') for await (const _ of request);
  response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'private, no-cache')
  response.setHeader('x-request-id', String(request.headers['x-request-id'] ?? ''))
  response.setHeader('content-length', Buffer.byteLength(json))
  response.end(json)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('message', (message) => {
  if (message === 'stop') process.exit()
  process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage().rss })
})
process.on('disconnect', () => process.exit())
