import type { Socket } from 'node:net'
import { expect, test } from '#harness'
import { deadUpstream, inFlight, type Service, startGateway, startService, until } from './testing/fixture.ts'

const asks = (protocol = 'websocket', more = ''): string =>
  `GET /live HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: abc\r\n${more}\r\n`

/** Switches, and says back what it hears. */
async function startEcho(release: string): Promise<Service & { readonly tunnels: Socket[] }> {
  const service = await startService(release)
  const tunnels: Socket[] = []
  service.server.on('upgrade', (request, socket: Socket, rest) => {
    service.seen.push({
      method: 'GET',
      path: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: String(rest),
    })
    tunnels.push(socket)
    socket.on('error', () => {})
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nSec-WebSocket-Accept: xyz\r\n\r\nhello `,
    )
    socket.pipe(socket)
  })
  return Object.assign(service, { tunnels })
}

test('a WebSocket is tunnelled both ways, with what was sent right behind the request', async () => {
  const service = await startEcho('a')
  const { client, gateway } = await startGateway(service.upstream)
  const raw = client().send(`${asks()}early `)

  const head = await raw.upTo('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 101 /)
  expect(head.toLowerCase()).toContain('upgrade: websocket\r\n')
  expect(head.toLowerCase()).toContain('sec-websocket-accept: xyz\r\n')
  expect(String(await raw.bytes(12))).toBe('hello early ')
  const big = Buffer.alloc(2_000_000, 'x')
  raw.send(big)
  expect((await raw.bytes(big.length)).equals(big)).toBe(true)

  expect(service.seen[0]?.headers).toMatchObject({
    'x-sankofa-subject': expect.stringMatching(/^visitor-/),
    'sec-websocket-key': 'abc',
  })
  expect(gateway.status()).toMatchObject({ inFlight: 0, upgraded: 1, connections: 1 })
  raw.close()
  await until(() => gateway.status().upgraded === 0 && service.tunnels[0]?.destroyed === true)
})

test('the end of one side of a tunnel is the end of the other', async () => {
  const service = await startEcho('a')
  const { client, gateway } = await startGateway(service.upstream)
  const [byService, byReset, byClient, byClientReset] = [client(), client(), client(), client()]
  for (const raw of [byService, byReset, byClient, byClientReset]) {
    await raw.send(asks()).upTo('hello ')
    await until(() => service.tunnels.length === gateway.status().upgraded)
  }

  service.tunnels[0]?.end('bye')
  service.tunnels[1]?.resetAndDestroy()
  byClient.socket.end()
  byClientReset.socket.resetAndDestroy()

  expect(await byService.upTo('bye')).toBe('bye')
  await until(() => byReset.isEnded && byService.isEnded && service.tunnels.every((socket) => socket.destroyed))
  await until(() => gateway.status().upgraded === 0)
})

test('a service that does not switch answers, and the connection ends after it', async () => {
  const service = await startService('a', (_, response) =>
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end('who?'),
  )
  const { client, gateway } = await startGateway(service.upstream)
  const raw = client().send(asks())

  expect(await raw.answer()).toMatchObject({ status: 401, body: 'who?' })
  await raw.closed
  expect(gateway.status()).toMatchObject({ inFlight: 0, upgraded: 0, connections: 0 })
})

test('an upgrade goes to the other release when the first cannot be reached', async () => {
  const service = await startEcho('b')
  const dead = await deadUpstream('a')
  const { client, unanswered } = await startGateway(() => ({ upstream: dead, otherwise: service.upstream }))

  expect(await client().send(asks()).upTo('hello ')).toContain('101')
  expect(unanswered).toMatchObject([{ release: 'a', reason: 'refused', savedBy: 'b' }])
})

test('an upgrade to HTTP/2 is not passed on: the request is answered as any other', async () => {
  const service = await startEcho('a')
  const { client } = await startGateway(service.upstream)

  const answer = await client().send(asks('h2c', 'HTTP2-Settings: AAMAAABk\r\n')).answer()

  expect(answer.status).toBe(200)
  expect(service.seen[0]?.headers.upgrade).toBeUndefined()
  expect(service.seen[0]?.headers['http2-settings']).toBeUndefined()
})

test('an upgrade with a body is refused, and CONNECT is', async () => {
  const service = await startEcho('a')
  const { client } = await startGateway(service.upstream)

  expect(
    await client()
      .send(`${asks('websocket', 'Content-Length: 3\r\n')}abc`)
      .answer(),
  ).toMatchObject({ status: 400 })
  expect(await client().send('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n').answer()).toMatchObject({ status: 405 })
  expect(service.seen).toEqual([])
})

test('a client that leaves before the switch leaves nothing behind', async () => {
  const service = await startService('a')
  let asked = 0
  service.server.on('upgrade', (_request, socket: Socket) => {
    asked += 1
    socket.on('error', () => {})
  })
  const { client, gateway, unanswered } = await startGateway(service.upstream)
  const raw = client().send(asks())
  await until(() => asked === 1)
  expect(inFlight(gateway).a).toBe(1)

  raw.close()

  await until(() => inFlight(gateway).a === 0 && gateway.status().connections === 0)
  expect(unanswered).toEqual([])
})
