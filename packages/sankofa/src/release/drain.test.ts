import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import Fastify from 'fastify'
import { expect, onTestFinished, test } from '#harness'
import { type DrainOptions, drain } from './drain.ts'
import { RawClient } from './gateway/testing/raw-client.ts'

async function serve(listener: RequestListener): Promise<{ server: Server; client(): RawClient }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const clients: RawClient[] = []
  onTestFinished(() => {
    for (const client of clients) client.close()
    server.closeAllConnections()
    server.close()
  })
  return {
    server,
    client: () => {
      const client = new RawClient((server.address() as AddressInfo).port)
      clients.push(client)
      return client
    },
  }
}

const timed = async (server: Server, options?: DrainOptions): Promise<number> => {
  const from = performance.now()
  await drain(server, options)
  return performance.now() - from
}

test('a request on an idle connection is answered while the server drains, and is the last of its connection', async () => {
  const { server, client } = await serve((_, response) => response.end('ok'))
  const [busy, quiet, mute] = [client(), client(), client()]
  await busy.get('/')
  await quiet.get('/')

  const drained = timed(server, { graceMs: 400 })
  await wait(100)
  const last = await busy.get('/')
  await busy.closed

  expect(last).toMatchObject({ status: 200, headers: { connection: ['close'] } })
  expect([quiet.isEnded, mute.isEnded]).toEqual([false, false])
  expect(await drained).toBeGreaterThanOrEqual(400)
  await Promise.all([quiet.closed, mute.closed])
})

test('what is being answered is answered whole, also past the grace', async () => {
  let finish: () => void = () => {}
  const { server, client } = await serve((_, response) => {
    response.write('first ')
    finish = () => response.end('last')
  })
  const raw = client().send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await raw.upTo('first ')
  const drained = timed(server, { graceMs: 50 })
  await wait(200)
  finish()

  await raw.upTo('last')
  expect(await drained).toBeLessThan(5_000)
})

test('nobody new is let in, and an empty server is drained at once', async () => {
  const { server } = await serve((_, response) => response.end('ok'))
  const { port } = server.address() as AddressInfo

  expect(await timed(server)).toBeLessThan(100)
  const refused = new RawClient(port)
  await expect(refused.get('/')).rejects.toThrow(/ended/)
})

test('what is upgraded lives until the end, hears of it, and is then cut; so is what never ends', async () => {
  const { server, client } = await serve(() => {})
  const upgraded: Socket[] = []
  server.on('upgrade', (_, socket: Socket) => {
    upgraded.push(socket)
    socket.on('error', () => {}).write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  })
  const [tunnel, stuck] = [client(), client()]
  await tunnel.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n').upTo('\r\n\r\n')
  stuck.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await wait(50)

  const drained = timed(server, { graceMs: 0, withinMs: 300 })
  await wait(150)
  expect(tunnel.isEnded).toBe(false)

  await Promise.all([tunnel.closed, stuck.closed])
  expect(await drained).toBeLessThan(2_000)
  expect(upgraded[0]?.destroyed).toBe(true)
})

test('a Fastify server drains, and can be closed after it', async () => {
  const app = Fastify()
  app.get('/', async () => 'ok')
  await app.listen({ host: '127.0.0.1', port: 0 })
  const raw = new RawClient((app.server.address() as AddressInfo).port)
  await raw.get('/')

  const drained = drain(app.server, { graceMs: 300 })
  const last = await raw.get('/')
  await drained
  await app.close()

  expect(last).toMatchObject({ status: 200, body: 'ok', headers: { connection: ['close'] } })
})
