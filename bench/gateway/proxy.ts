import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyHttpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import httpProxy from 'http-proxy'
import { pino } from 'pino'
import { createGateway } from 'sankofa/release'

/** One proxy of the benchmark: `node proxy.ts MODE ORIGIN`; tells its port, then its CPU time when asked. */
const [mode = '', origin = ''] = process.argv.slice(2)

async function start(): Promise<number> {
  if (mode.startsWith('sankofa')) {
    const upstream = { release: 'a', origin }
    const gateway = createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      secret: 'only for the benchmark, and of no other use',
      target: () => ({ upstream }),
      keyFrom: [{ header: 'x-user' }],
      log: pino({ level: 'warn' }),
    })
    return (await gateway.start()).port
  }
  if (mode === 'fastify') {
    const app = Fastify()
    await app.register(fastifyHttpProxy, { upstream: origin })
    await app.listen({ host: '127.0.0.1', port: 0 })
    return (app.server.address() as AddressInfo).port
  }
  // With connections that are kept: by itself it opens one for each request.
  const proxy = httpProxy.createProxyServer({ target: origin, agent: new Agent({ keepAlive: true }), xfwd: true })
  proxy.on('error', (_error, _request, response) => response.end())
  const server = createServer((request, response) => proxy.web(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

process.on('message', (message) => {
  if (message === 'stop') process.exit()
  process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage().rss })
})
process.on('disconnect', () => process.exit())
process.send?.({ port: await start() })
